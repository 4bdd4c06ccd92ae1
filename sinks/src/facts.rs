//! What products want to know of a document beside its bytes: names, addresses, rule, techniques.
//!
//! Read in one pass over the JSON, borrowed where the text allows it; everything else is skipped,
//! not built. A field of an unexpected type counts as absent: what a product shows beside the
//! document is never a reason not to deliver it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The facts of an event or an alert. What is absent is empty.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    #[serde(borrow)]
    pub(crate) event: Lenient<EventFacts<'a>>,
    #[serde(borrow)]
    pub(crate) rule: Lenient<RuleFacts<'a>>,
    #[serde(borrow)]
    pub(crate) user: Lenient<UserFacts<'a>>,
    #[serde(borrow)]
    pub(crate) source: Lenient<Endpoint<'a>>,
    #[serde(borrow)]
    pub(crate) destination: Lenient<Endpoint<'a>>,
    #[serde(borrow)]
    pub(crate) host: Lenient<Named<'a>>,
    #[serde(borrow)]
    pub(crate) threat: Lenient<Threat<'a>>,
    #[serde(borrow)]
    pub(crate) vcs: Lenient<Vcs<'a>>,
    #[serde(borrow)]
    pub(crate) gen_ai: Lenient<GenAi<'a>>,
}

/// `event.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct EventFacts<'a> {
    #[serde(borrow)]
    pub(crate) action: Text<'a>,
    #[serde(borrow)]
    pub(crate) outcome: Text<'a>,
    /// When it came to us.
    #[serde(borrow)]
    pub(crate) created: Text<'a>,
    #[serde(borrow)]
    pub(crate) category: Texts<'a>,
    /// 1 to 99; 0 where it is absent.
    pub(crate) severity: Number,
}

/// `rule.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct RuleFacts<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// `user.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct UserFacts<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) email: Text<'a>,
}

/// `source.*` or `destination.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Endpoint<'a> {
    #[serde(borrow)]
    pub(crate) ip: Text<'a>,
    #[serde(borrow)]
    pub(crate) domain: Text<'a>,
    pub(crate) port: Number,
}

/// An object with a name.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Named<'a> {
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
}

/// An object with an id.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Identified<'a> {
    #[serde(borrow)]
    pub(crate) id: Texts<'a>,
}

/// `threat.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Threat<'a> {
    #[serde(borrow)]
    pub(crate) tactic: Lenient<Identified<'a>>,
    #[serde(borrow)]
    technique: Lenient<Technique<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Technique<'a> {
    #[serde(borrow)]
    id: Texts<'a>,
    #[serde(borrow)]
    subtechnique: Lenient<Identified<'a>>,
}

/// `vcs.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Vcs<'a> {
    #[serde(borrow)]
    pub(crate) repository: Lenient<Named<'a>>,
}

/// `gen_ai.*`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct GenAi<'a> {
    #[serde(borrow)]
    conversation: Lenient<Identified<'a>>,
}

impl<'a> Facts<'a> {
    /// The facts of a document; none where it is not JSON.
    pub(crate) fn read(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// ATT&CK's ids of techniques and subtechniques.
    pub(crate) fn techniques(&self) -> impl Iterator<Item = &str> {
        let technique = &self.threat.0.technique.0;
        technique
            .id
            .iter()
            .chain(technique.subtechnique.0.id.iter())
    }

    /// Whom it is about, and what kind of thing that is: a user, a machine, or else the repository or
    /// the agent's session.
    pub(crate) fn subject(&self) -> Option<(&str, Subject)> {
        let user = self.user();
        let session = self.gen_ai.0.conversation.0.id.iter().next();
        user.map(|name| (name, Subject::User))
            .or(self.host.0.name.get().map(|name| (name, Subject::Machine)))
            .or(self.source.0.address().map(|name| (name, Subject::Machine)))
            .or(self
                .vcs
                .0
                .repository
                .0
                .name
                .get()
                .map(|name| (name, Subject::Other)))
            .or(session.map(|id| (id, Subject::Other)))
    }

    /// The user's name, or what stands for it.
    pub(crate) fn user(&self) -> Option<&str> {
        let user = &self.user.0;
        user.name.get().or(user.email.get()).or(user.id.get())
    }
}

impl Endpoint<'_> {
    /// The address, or the name where there is none.
    pub(crate) fn address(&self) -> Option<&str> {
        self.ip.get().or(self.domain.get())
    }

    /// The name, or the address where there is none.
    pub(crate) fn called(&self) -> Option<&str> {
        self.domain.get().or(self.ip.get())
    }
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    User,
    Machine,
    Other,
}

/// A text, or the first of a list; empty where it is something else.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

/// A list of texts, or one; without what is none.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a>(Vec<Cow<'a, str>>);

/// A whole number that is not negative; 0 where it is something else.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Number(pub(crate) u64);

/// An object; the default where it is something else.
#[derive(Debug, Default)]
pub(crate) struct Lenient<T>(pub(crate) T);

impl Text<'_> {
    pub(crate) fn get(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }
}

impl Texts<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| &**text)
    }
}

/// Visits any JSON value, and keeps the texts and the number in it.
struct Anything;

enum Found<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Number(u64),
    List(Vec<Cow<'a, str>>),
}

impl<'de> Visitor<'de> for Anything {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Found<'de>, E> {
        Ok(Found::Number(number))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Found<'de>, E> {
        Ok(Found::Nothing)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Found<'de>, E> {
        Ok(Found::Nothing)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Found<'de>, E> {
        Ok(Found::Nothing)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Found<'de>, E> {
        Ok(Found::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            if !text.is_empty() {
                list.push(text);
            }
        }
        Ok(Found::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Nothing)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Anything)? {
            Found::Text(text) => Self(text),
            Found::List(list) => Self(list.into_iter().next().unwrap_or_default()),
            Found::Number(number) => Self(Cow::Owned(number.to_string())),
            Found::Nothing => Self::default(),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Anything)? {
            Found::Text(text) if !text.is_empty() => Self(vec![text]),
            Found::List(list) => Self(list),
            Found::Text(_) | Found::Number(_) | Found::Nothing => Self::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Anything)? {
            Found::Number(number) => Self(number),
            _ => Self(0),
        })
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Object<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(T::default())
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<T, E> {
                Ok(T::default())
            }

            fn visit_unit<E: de::Error>(self) -> Result<T, E> {
                Ok(T::default())
            }
        }

        let object = Object(std::marker::PhantomData);
        deserializer.deserialize_any(object).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Subject};

    #[test]
    fn reads_what_is_there() {
        let json = br#"{"event":{"severity":73,"category":["network"]},"rule":{"id":"r1","name":"A \"rule\""},
            "user":{"name":"dana"},"threat":{"tactic":{"id":["TA0009"]},"technique":{"id":["T1213"],"subtechnique":{"id":["T1213.003"]}}},
            "source":{"ip":"203.0.113.24"},"destination":{"domain":"github.com","ip":"140.82.121.6","port":443}}"#;
        let facts = Facts::read(json);
        assert_eq!(facts.event.0.severity.0, 73);
        assert_eq!(facts.rule.0.name.get(), Some("A \"rule\""));
        assert_eq!(facts.subject(), Some(("dana", Subject::User)));
        assert_eq!(
            facts.techniques().collect::<Vec<_>>(),
            ["T1213", "T1213.003"]
        );
        assert_eq!(facts.destination.0.called(), Some("github.com"));
        assert_eq!(facts.destination.0.port.0, 443);
    }

    #[test]
    fn another_type_is_absent_and_hides_nothing_else() {
        for odd in [
            "null",
            "true",
            "-1",
            "1.5",
            "\"text\"",
            "[[1],{}]",
            "{\"x\":[{}]}",
        ] {
            let json = format!(
                r#"{{"user":{odd},"threat":{odd},"rule":{{"id":{odd},"name":"A rule"}},"event":{{"severity":{odd},"category":{odd}}},"host":{{"name":"h"}}}}"#
            );
            let facts = Facts::read(json.as_bytes());
            assert_eq!(facts.rule.0.name.get(), Some("A rule"), "{odd}");
            assert_eq!(facts.subject(), Some(("h", Subject::Machine)), "{odd}");
        }
        assert!(Facts::read(b"no JSON").subject().is_none());
    }
}
