//! The body of a request: the document, or what a template makes of it.
//!
//! Templates are Jinja. Every `{{ … }}` is written as JSON, with its quotes, so a template is JSON
//! with values left open, whatever the values hold. They may use
//!
//! ```text
//! id kind level source tenant time     of the document; level is null where it is an event
//! title     the rule's name, or what happened       subject   whom it is about
//! techniques tactics                                lists of ATT&CK ids
//! document  all of it, in the sink's schema          values    as configured
//! ```
//!
//! beside Jinja's own filters `… | cut(n)`, the first n characters, and `… | mrkdwn`, escaped for
//! Slack. What is absent is null. A template is tried when the sink is opened.

use bytes::Bytes;
use chaperone_mappings::Schema;
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::{Form, WebhookOptions};
use crate::facts::Facts;
use crate::product::OpenError;
use crate::sink::{Document, Kind, Level, Reason};
use crate::{probe, schema};

/// The end of the name says that values are written as JSON.
const NAME: &str = "body.json";

/// How a document becomes a body.
pub(super) struct Template {
    schema: Schema,
    /// None: the document as it is.
    environment: Option<Environment<'static>>,
    values: Value,
}

impl Template {
    pub(super) fn new(options: &WebhookOptions) -> Result<Self, OpenError> {
        let built_in = options.form.map(source);
        let text = options.body.clone().or(built_in.map(str::to_owned));
        let mut values = Vec::new();
        for (name, value) in &options.values {
            values.push((name.clone(), value.load()?.reveal().to_owned()));
        }
        let template = Self {
            schema: options.schema,
            environment: text.map(environment).transpose()?,
            values: Value::from_pairs(values),
        };
        let tried = template.render(&probe::alert(Utc::now()));
        tried.map_err(|reason| OpenError::Options(reason.detail.into_owned()))?;
        Ok(template)
    }

    /// The body, as compact JSON.
    pub(super) fn render(&self, document: &Document) -> Result<Bytes, Reason> {
        let written = schema::write(self.schema, document)?;
        let Some(environment) = &self.environment else {
            return Ok(written);
        };
        let template = environment.get_template(NAME).map_err(failed)?;
        let whole: serde_json::Value = serde_json::from_slice(&written).unwrap_or_default();
        let facts = Facts::read(&document.json);
        let subject = facts.subject().map(|(subject, _)| subject.to_owned());
        let title = facts.rule.0.name.get().or(facts.event.0.action.get());
        let context = context! {
            id => document.id.to_string(),
            kind => match document.kind { Kind::Event => "event", Kind::Alert => "alert" },
            level => document.level.map(Level::name),
            source => owned(document.source.as_deref()),
            tenant => owned(document.tenant.as_deref()),
            time => time(document.time_ms),
            title => title.unwrap_or("event").to_owned(),
            subject => subject,
            techniques => list(facts.techniques()),
            tactics => list(facts.threat.0.tactic.0.id.iter()),
            document => Value::from(Serde(&whole)),
            values => self.values.clone(),
        };
        let text = template.render(context).map_err(failed)?;
        let body: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
            let detail = format!(
                "the body's template does not give JSON (line {} of what it gives); write {{{{ … }}}} without quotes around it",
                error.line()
            );
            Reason::new("template_failed", detail)
        })?;
        Ok(body.to_string().into())
    }
}

fn environment(text: String) -> Result<Environment<'static>, OpenError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("cut", |text: String, most: usize| -> String {
        text.chars().take(most).collect()
    });
    environment.add_filter("mrkdwn", |text: String| -> String {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    });
    let added = environment.add_template_owned(NAME, text);
    added.map_err(|error| OpenError::Options(failed(error).detail.into_owned()))?;
    Ok(environment)
}

/// Where it is wrong and what kind of mistake it is, never what was to be written.
#[expect(clippy::needless_pass_by_value, reason = "of the form of map_err")]
fn failed(error: minijinja::Error) -> Reason {
    let line = error.line().unwrap_or(1);
    let detail = format!("the body's template, line {line}: {}", error.kind());
    Reason::new("template_failed", detail)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    texts.map(str::to_owned).collect()
}

fn time(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn source(form: Form) -> &'static str {
    match form {
        Form::Slack => include_str!("forms/slack.json.j2"),
        Form::Teams => include_str!("forms/teams.json.j2"),
        Form::PagerDuty => include_str!("forms/pagerduty.json.j2"),
        Form::ServiceNow => include_str!("forms/servicenow.json.j2"),
        Form::Jira => include_str!("forms/jira.json.j2"),
    }
}
