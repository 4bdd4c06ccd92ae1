//! A service account's key, and the signed assertion that a token is given for (RFC 7523, as
//! Google's "OAuth 2.0 for server to server applications" describes it).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

use crate::json::Object;
use crate::secret::Secret;

/// Google gives a token for an hour at most.
const LIFETIME_S: i64 = 3_600;
/// A clock that is ahead of Google's by less makes no assertion from the future.
const BACKDATED_S: i64 = 60;

/// The JSON file as Google hands it out.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    private_key: String,
    #[serde(default = "token_uri")]
    token_uri: String,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// An account that can sign.
pub(super) struct Account {
    pub(super) token_uri: String,
    email: String,
    key_id: String,
    key: RsaKeyPair,
}

impl Account {
    /// # Errors
    /// What is wrong with the file, without anything of its content.
    pub(super) fn read(json: &Secret) -> Result<Self, &'static str> {
        let file: KeyFile = serde_json::from_str(json.reveal())
            .map_err(|_| "`service_account` is not the JSON key of a service account")?;
        let private_key = Secret::new(file.private_key);
        if file.kind != "service_account" {
            return Err(
                "`service_account` is another kind of credentials: its `type` has to be `service_account` (else use `workload_identity` or `token`)",
            );
        }
        if file.client_email.is_empty() {
            return Err("`service_account` has no `client_email`: download the whole JSON key");
        }
        let no_key = "the `private_key` of `service_account` is no RSA key of 2048 bits or more in PKCS #8: download the JSON key again";
        let der = PrivatePkcs8KeyDer::from_pem_slice(private_key.reveal().as_bytes());
        let der = der.map_err(|_| no_key)?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| no_key)?;
        Ok(Self {
            token_uri: file.token_uri,
            email: file.client_email,
            key_id: file.private_key_id,
            key,
        })
    }

    /// The form that the token endpoint takes, for this scope and time.
    pub(super) fn form(&self, scope: &str, now_s: i64) -> Result<String, &'static str> {
        let issued = now_s - BACKDATED_S;
        let head = object(|head| {
            head.text("alg", "RS256");
            head.text("typ", "JWT");
            head.text("kid", &self.key_id);
        });
        let claims = object(|claims| {
            claims.text("iss", &self.email);
            claims.text("scope", scope);
            claims.text("aud", &self.token_uri);
            claims.number("iat", issued);
            claims.number("exp", issued + LIFETIME_S);
        });
        let signed = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| "the system gives no random numbers to sign with")?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        Ok(format!("grant_type={grant}&assertion={signed}.{signature}"))
    }
}

fn object(write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut buffer = Vec::new();
    let mut object = Object::begin(&mut buffer);
    write(&mut object);
    object.end();
    URL_SAFE_NO_PAD.encode(buffer)
}
