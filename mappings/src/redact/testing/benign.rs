//! Events of an agent's working day that hold no secret, full of what looks like one: commit
//! hashes, checksums, lock files, ids, minified code, and code and prose about secrets.

use super::dice::Dice;

const HEX: &str = "0123456789abcdef";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const WORDS: [&str; 40] = [
    "token",
    "secret",
    "password",
    "config",
    "server",
    "client",
    "handler",
    "request",
    "session",
    "auth",
    "key",
    "cache",
    "parser",
    "index",
    "stream",
    "buffer",
    "worker",
    "queue",
    "schema",
    "update",
    "remove",
    "fix",
    "refactor",
    "rename",
    "support",
    "credentials",
    "the",
    "for",
    "in",
    "of",
    "api",
    "timeout",
    "retry",
    "metrics",
    "deploy",
    "merge",
    "review",
    "branch",
    "build",
    "login",
];

/// Lines that speak of secrets and hold none, as code, logs and prose do.
const LINES: [&str; 64] = [
    "const token = await getToken(scope);",
    "let password = std::env::var(\"DB_PASSWORD\")?;",
    "password: process.env.DB_PASSWORD,",
    "export GITHUB_TOKEN=$(gh auth token)",
    "export API_KEY=\"${API_KEY}\"",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "    password: str = Field(..., min_length=8)",
    "  accessToken?: string;",
    "  passwordHash: string | null;",
    "func NewClient(apiKey string, opts ...Option) *Client {",
    "api_key = os.environ[\"OPENAI_API_KEY\"]",
    "self.api_key = api_key or settings.api_key",
    "if token == \"\" { return ErrNoToken }",
    "if user.password != hashed_password:",
    "assert response.json()[\"token\"] is not None",
    "curl -H \"Authorization: Bearer $TOKEN\" https://api.example.com/v1/items",
    "curl -u \"$USER:$PASS\" https://example.com",
    "Authorization: Bearer <token>",
    "Set-Cookie: <session>",
    "test auth::tests::password_is_hashed ... ok",
    "test token_refresh::expires_after_3600_seconds ... ok",
    "PASS src/auth/token.test.ts (5.123 s)",
    "test result: ok. 128 passed; 0 failed; 2 ignored; 0 measured; 14 filtered out",
    "max_tokens: 4096, input_tokens: 18234, output_tokens: 512",
    "\"usage\": {\"prompt_tokens\": 1024, \"completion_tokens\": 256, \"total_tokens\": 1280}",
    "cache key: v2-cargo-linux-x64-stable",
    "primary key (tenant_id, key_id)",
    "CREATE TABLE users (id uuid PRIMARY KEY, password_hash text NOT NULL, token_version int);",
    "secretName: my-app-tls",
    "secretKeyRef: {name: db-credentials, key: password}",
    "kubectl create secret generic db-credentials --from-file=password.txt",
    "INFO  auth: token refreshed for user 4711, expires in 3600 s",
    "WARN  password policy: minimum length 12, maximum length 128",
    "error: Invalid password. Authentication failed for user 'bob'",
    "Enter password: ********",
    "Password: [hidden]",
    "The token is valid for 30 days and the secret is rotated weekly.",
    "Please rotate the API key before the release on 2026-11-20.",
    "docker login --username bob --password-stdin registry.example.com",
    "git clone https://github.com/example/service.git",
    "git remote set-url origin git@github.com:example/service.git",
    "https://example.com:8443/@scope/package@1.2.3/index.js",
    "npm notice integrity: sha512-verified",
    "mysql -h localhost -u root -p shop < dump.sql",
    "redis-cli -h cache.internal ping",
    "ssh -i ~/.ssh/id_ed25519 deploy@10.0.0.12",
    "ls -la /home/dev/.config/credentials/token-cache/",
    "let key = format!(\"{}:{}\", tenant, user_id);",
    "for (key, value) in headers.iter() {",
    "Object.keys(config).forEach(key => console.log(key));",
    "keyboardShortcuts: {save: \"ctrl+s\", find: \"ctrl+f\"}",
    "tokenizer = AutoTokenizer.from_pretrained(\"bert-base-uncased\")",
    "author: Jane Doe <jane.doe@example.com>",
    "authenticated_user_id=48213 auth_method=oidc auth_time=1732147200",
    "monkey-patching passes; bypass removed; compass heading 270",
    "credential.helper=osxkeychain",
    "- name: Configure AWS credentials",
    "  with: {role-to-assume: arn:aws:iam::123456789012:role/ci, aws-region: eu-west-1}",
    "aws sts get-caller-identity --query Arn --output text",
    "next_page_token: 5, page_size: 50",
    "X-Request-Id and X-Api-Key are required headers.",
    "if (!req.headers.authorization) throw new Error(\"missing token\");",
    "secrets: inherit",
    "type Secret = { name: string; version: number };",
];

fn words(dice: &mut Dice, count: usize) -> String {
    let words: Vec<&str> = (0..count).map(|_| *dice.pick(&WORDS)).collect();
    words.join(" ")
}

fn uuid(dice: &mut Dice) -> String {
    [8, 4, 4, 4, 12].map(|len| dice.text(HEX, len)).join("-")
}

fn path(dice: &mut Dice) -> String {
    let parts: Vec<&str> = (0..3 + dice.below(4)).map(|_| *dice.pick(&WORDS)).collect();
    format!("/home/dev/{}_{}.rs", parts.join("/"), dice.below(99))
}

fn git_log(dice: &mut Dice) -> String {
    (0..12)
        .map(|_| {
            let (hash, day) = (dice.text(HEX, 40), 1 + dice.below(28));
            let subject = words(dice, 6);
            format!("commit {hash}\nAuthor: Jane Doe <jane@example.com>\nDate:   2026-11-{day:02}\n\n    {subject} (#{})\n\n", dice.below(9000))
        })
        .collect()
}

fn go_sum(dice: &mut Dice) -> String {
    (0..25)
        .map(|_| {
            let (name, hash) = (dice.text(LOWER, 8), dice.text(BASE64, 43));
            format!(
                "github.com/{name}/{} v1.{}.0 h1:{hash}=\n",
                dice.pick(&WORDS),
                dice.below(40)
            )
        })
        .collect()
}

fn lock_file(dice: &mut Dice) -> String {
    (0..15)
        .map(|_| {
            let (name, hash) = (dice.pick(&WORDS), dice.text(HEX, 64));
            let integrity = dice.text(BASE64, 86);
            format!("[[package]]\nname = \"{name}-key\"\nversion = \"1.{}.3\"\nchecksum = \"{hash}\"\nintegrity = \"sha512-{integrity}==\"\n", dice.below(30))
        })
        .collect()
}

fn ids(dice: &mut Dice) -> String {
    serde_json::json!({
        "id": uuid(dice), "node_id": format!("MDQ6VXNlcj{}", dice.text(BASE64, 12)),
        "delivery": uuid(dice), "sha": dice.text(HEX, 40), "etag": dice.text(HEX, 32),
        "key": dice.text(HEX, 40), "cache_key": dice.text(HEX, 64), "token_count": dice.below(9999),
        "session_id": uuid(dice), "conversation": uuid(dice), "digest": format!("sha256:{}", dice.text(HEX, 64)),
        "html_url": format!("https://github.com/acme/shop/commit/{}", dice.text(HEX, 40)),
        "signature": dice.text(BASE64, 120), "thinkingSignature": dice.text(BASE64, 300),
        "encrypted_content": dice.text(BASE64, 400), "path": path(dice), "ok": true, "n": null,
    })
    .to_string()
}

fn minified(dice: &mut Dice) -> String {
    (0..60)
        .map(|_| {
            let (a, b, c) = (dice.text(LOWER, 1), dice.text(ALNUM, 3), dice.pick(&WORDS));
            format!("function {a}(e,t){{var n=e.{c},r=t[\"{b}\"];return n.key===r.key?{a}(n):new X{b}(e,{})}}", dice.below(999))
        })
        .collect()
}

fn lines(dice: &mut Dice) -> String {
    (0..20)
        .map(|_| format!("{}\n", dice.pick(&LINES)))
        .collect()
}

fn listing(dice: &mut Dice) -> String {
    (0..25)
        .map(|_| {
            let name = path(dice);
            format!(
                "-rw-r--r-- 1 dev dev {:7} Nov 20 10:{:02} {name}\n",
                dice.below(999_999),
                dice.below(60)
            )
        })
        .collect()
}

fn image(dice: &mut Dice) -> String {
    format!(
        "![chart](data:image/png;base64,iVBORw0KGgo{})",
        dice.text(BASE64, 2000)
    )
}

fn certificate(dice: &mut Dice) -> String {
    let lines: Vec<String> = (0..18).map(|_| dice.text(BASE64, 64)).collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// The text of one event's tool output.
pub(crate) fn output(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => git_log(dice),
        1 => go_sum(dice),
        2 => lock_file(dice),
        3 => ids(dice),
        4 => minified(dice),
        5 => listing(dice),
        6 => image(dice),
        7 => certificate(dice),
        _ => lines(dice),
    }
}

/// One event: a normalized tool call with some output in it, two to six kilobytes.
pub(crate) fn event(dice: &mut Dice) -> String {
    let texts: Vec<String> = (0..1 + dice.below(3)).map(|_| output(dice)).collect();
    serde_json::json!({
        "@timestamp": "2026-11-21T10:00:00.000Z",
        "event": {"id": uuid(dice), "kind": "event", "action": "tool_call", "dataset": "claude_code.otel"},
        "gen_ai": {
            "conversation": {"id": uuid(dice)}, "tool": {"name": "Bash", "call": {"id": format!("toolu_{}", dice.text(ALNUM, 24))}},
            "usage": {"input_tokens": dice.below(90_000), "output_tokens": dice.below(4000)},
        },
        "process": {"command_line": words(dice, 8)},
        "user": {"email": "jane@example.com"},
        "tool_input": serde_json::json!({"command": words(dice, 5), "description": words(dice, 7)}).to_string(),
        "tool_output": texts.concat(),
    })
    .to_string()
}
