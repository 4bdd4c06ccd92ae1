//! Where a request goes and what stands around the documents in it, all fixed by the options.

use super::{Api, ChronicleOptions};
use crate::json::Object;
use crate::product::OpenError;

/// Google's limits are 4 MB and, before, 1 MB; its own scripts leave as much room.
const BYTES_MAX: usize = 3_950_000;
const LEGACY_BYTES_MAX: usize = 950_000;

/// One method of one instance.
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) path: String,
    /// Before the first document.
    pub(super) prefix: String,
    /// Behind the last.
    pub(super) suffix: &'static str,
    /// What the token has to be good for.
    pub(super) scope: &'static str,
    /// Of the documents in a request, without what stands around them.
    pub(super) bytes_max: usize,
}

impl Endpoint {
    pub(super) fn new(options: &ChronicleOptions) -> Result<Self, OpenError> {
        check(options)?;
        Ok(match options.api {
            Api::Legacy => Self::legacy(options),
            Api::V1 => Self::of_project(options, "v1"),
            Api::V1Beta => Self::of_project(options, "v1beta"),
            Api::V1Alpha => Self::of_project(options, "v1alpha"),
        })
    }

    fn of_project(options: &ChronicleOptions, version: &str) -> Self {
        let region = &options.region;
        let host = if options.regional_endpoint {
            format!("https://chronicle.{region}.rep.googleapis.com")
        } else {
            format!("https://{region}-chronicle.googleapis.com")
        };
        let project = options.project.as_deref().unwrap_or_default();
        let instance = &options.instance;
        let parent = format!("projects/{project}/locations/{region}/instances/{instance}");
        let (path, prefix) = match &options.logs {
            None => (
                format!("/{version}/{parent}/events:import"),
                r#"{"inlineSource":{"events":["#.to_owned(),
            ),
            Some(logs) => {
                let log_type = &logs.log_type;
                let path = format!("/{version}/{parent}/logTypes/{log_type}/logs:import");
                let forwarder = logs.forwarder.as_ref().map_or_else(String::new, |id| {
                    format!(r#""forwarder":"{parent}/forwarders/{id}","#)
                });
                (path, format!(r#"{{"inlineSource":{{{forwarder}"logs":["#))
            }
        };
        Self {
            url: options.url.clone().unwrap_or(host),
            path,
            bytes_max: BYTES_MAX - prefix.len(),
            prefix,
            suffix: "]}}",
            scope: "https://www.googleapis.com/auth/cloud-platform",
        }
    }

    fn legacy(options: &ChronicleOptions) -> Self {
        let host = "malachiteingestion-pa.googleapis.com";
        let host = match options.region.as_str() {
            "us" => format!("https://{host}"),
            "eu" => format!("https://europe-{host}"),
            "asia" => format!("https://asia-southeast1-{host}"),
            region => format!("https://{region}-{host}"),
        };
        let mut around = Vec::new();
        let mut body = Object::begin(&mut around);
        let (path, list) = match &options.logs {
            None => {
                body.text("customerId", &options.instance);
                ("/v2/udmevents:batchCreate", "events")
            }
            Some(logs) => {
                body.text("customer_id", &options.instance);
                body.text("log_type", &logs.log_type);
                body.text_if("namespace", logs.namespace.as_deref());
                let label = |(key, value): (&String, &String)| {
                    let mut label = Vec::new();
                    let mut object = Object::begin(&mut label);
                    object.text("key", key);
                    object.text("value", value);
                    object.end();
                    label
                };
                let labels: Vec<_> = logs.labels.iter().map(label).collect();
                if !labels.is_empty() {
                    let list = [b"[", &labels.join(&b","[..])[..], b"]"].concat();
                    body.raw("labels", &list);
                }
                ("/v2/unstructuredlogentries:batchCreate", "entries")
            }
        };
        body.raw(list, b"[");
        let prefix = String::from_utf8(around).expect("JSON is text");
        Self {
            url: options.url.clone().unwrap_or(host),
            path: path.to_owned(),
            bytes_max: LEGACY_BYTES_MAX - prefix.len(),
            prefix,
            suffix: "]}",
            scope: "https://www.googleapis.com/auth/malachite-ingestion",
        }
    }
}

/// What becomes part of a URL is made of what is plain there, and nothing is asked for in vain.
fn check(options: &ChronicleOptions) -> Result<(), OpenError> {
    let wrong = |what: String| Err(OpenError::Options(what));
    let plain = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        !text.is_empty() && text.len() <= 128 && text.bytes().all(fits)
    };
    let logs = options.logs.as_ref();
    let named = [
        ("instance", Some(&options.instance)),
        ("project", options.project.as_ref()),
        ("region", Some(&options.region)),
        ("logs.log_type", logs.map(|logs| &logs.log_type)),
        (
            "logs.forwarder",
            logs.and_then(|logs| logs.forwarder.as_ref()),
        ),
    ];
    for (name, value) in named {
        if value.is_some_and(|value| !plain(value)) {
            return wrong(format!("`{name}` is an id of letters, digits and -_.:"));
        }
    }
    let is_legacy = options.api == Api::Legacy;
    if options.project.is_none() && !is_legacy {
        return wrong("`project` is missing: the Google Cloud project of the instance (without one: api = \"legacy\")".to_owned());
    }
    let has_forwarder = logs.is_some_and(|logs| logs.forwarder.is_some());
    if is_legacy && (options.project.is_some() || options.regional_endpoint || has_forwarder) {
        return wrong(
            "the legacy interface has no `project`, `regional_endpoint` or `logs.forwarder`"
                .to_owned(),
        );
    }
    Ok(())
}
