//! What a service answers, and where that may go: to the chat from which it was asked, and nowhere else.
//!
//! ```text
//! {"reply": "pong"}                                      a message in the chat, in the topic
//! {"method": "sendPhoto", "photo": "https://..."}        a call of the Bot API, as in an answer to Telegram's webhook
//! [{"method": "editMessageText", ...}, {"reply": "..."}] several of them, in this order
//! ```

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::bot_api::{Checked, DataError, Kind, Method};
use crate::ids::ChatId;
use crate::incoming::{Asks, Incoming};

/// How many things one answer may do: what a dialogue needs at a step (stop the button's clock, edit the message, send
/// another), with some to spare.
pub const MOST_IN_ONE: usize = 5;

/// Parameters that lead out of the chat: to a message sent through inline mode, or into a business account's chats.
const ELSEWHERE: [&str; 2] = ["inline_message_id", "business_connection_id"];

/// From where a service was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The chat.
    pub chat: ChatId,
    /// The topic in it.
    pub message_thread_id: Option<i64>,
    /// The press of a button, for `answerCallbackQuery`.
    pub callback_query: Option<String>,
}

/// A call that a service wants to be made.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The method.
    pub method: &'static Method,
    /// The call, led to where the service was asked from.
    pub call: Checked,
}

/// Why an answer cannot be carried out. No value of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// It is something else.
    #[error(
        "an answer is `{{\"reply\": \"...\"}}`, an object with `method`, or a list of up to {MOST_IN_ONE} of them"
    )]
    NotAnAnswer,
    /// It names a method that there is not.
    #[error("the answer names an unknown method")]
    UnknownMethod,
    /// The method does nothing in a chat.
    #[error("{method} does not act in the chat that was asked from")]
    NotInAChat {
        /// The method.
        method: &'static str,
    },
    /// A parameter leads somewhere else.
    #[error("`{parameter}` of {method} leads to another place than the one that was asked from")]
    Elsewhere {
        /// The method.
        method: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// The call cannot be right.
    #[error("{method}: {error}")]
    Data {
        /// The method.
        method: &'static str,
        /// What is wrong.
        error: DataError,
    },
}

impl Origin {
    /// From where `incoming` asks.
    pub fn of(incoming: &Incoming) -> Self {
        let callback_query = match &incoming.asks {
            Asks::CallbackQuery { id, .. } => Some(id.clone()),
            Asks::Command(_) | Asks::Message { .. } => None,
        };
        Self { chat: incoming.chat, message_thread_id: incoming.message_thread_id, callback_query }
    }

    /// What the body of a service's answer asks for. Nothing when it is empty: the service answers later, or not.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn read(&self, body: &[u8]) -> Result<Vec<Answer>, AnswerError> {
        if body.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let answers = match serde_json::from_slice(body).map_err(|_| AnswerError::NotAnAnswer)? {
            Value::Array(answers) if answers.len() <= MOST_IN_ONE => answers,
            answer @ Value::Object(_) => vec![answer],
            _ => return Err(AnswerError::NotAnAnswer),
        };
        let read = |answer| match answer {
            Value::Object(answer) => self.read_one(answer),
            _ => Err(AnswerError::NotAnAnswer),
        };
        answers.into_iter().map(read).collect()
    }

    fn read_one(&self, mut answer: Map<String, Value>) -> Result<Answer, AnswerError> {
        if let Some(Value::String(text)) = answer.get("reply").filter(|_| answer.len() == 1) {
            return self.says(text).map_err(|error| AnswerError::Data { method: "reply", error });
        }
        let Some(Value::String(name)) = answer.remove("method") else { return Err(AnswerError::NotAnAnswer) };
        let method = Method::parse(&name).ok_or(AnswerError::UnknownMethod)?;
        let data = self.lead(method, answer)?;
        let call = method.validate(&data);
        let call = call.map_err(|error| AnswerError::Data { method: method.name(), error })?;
        Ok(Answer { method, call })
    }

    /// The parameters of a call of `method`, led to where the service was asked from: what is left out is filled in,
    /// and what leads elsewhere is an error.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotInAChat`] and [`AnswerError::Elsewhere`].
    pub fn lead(
        &self,
        method: &'static Method,
        mut data: Map<String, Value>,
    ) -> Result<Map<String, Value>, AnswerError> {
        let name = method.name();
        let takes = |parameter: &str| method.parameters().iter().any(|taken| taken.name == parameter);
        let acts_here = takes("chat_id") || takes("callback_query_id") && self.callback_query.is_some();
        if !acts_here {
            return Err(AnswerError::NotInAChat { method: name });
        }
        if let Some(parameter) = ELSEWHERE.into_iter().find(|parameter| data.contains_key(*parameter)) {
            return Err(AnswerError::Elsewhere { method: name, parameter });
        }
        for parameter in method.parameters() {
            let given = data.get(parameter.name).filter(|value| !value.is_null());
            let here = match parameter.name {
                "callback_query_id" => Value::from(self.callback_query.clone()),
                "chat_id" => Value::from(self.chat.0),
                _ if parameter.kind == Kind::Chat => Value::from(self.chat.0),
                _ => continue,
            };
            match given {
                Some(given) if !is_same(given, &here) => {
                    return Err(AnswerError::Elsewhere { method: name, parameter: parameter.name });
                }
                Some(_) => {}
                None => {
                    data.insert(parameter.name.to_owned(), here);
                }
            }
        }
        let quoted_chat = data.get("reply_parameters").map(object_of);
        if let Some(chat) = quoted_chat.as_ref().and_then(|quoted| quoted.get("chat_id"))
            && !is_same(chat, &Value::from(self.chat.0))
        {
            return Err(AnswerError::Elsewhere { method: name, parameter: "reply_parameters" });
        }
        if let Some(topic) = self.message_thread_id.filter(|_| takes("message_thread_id")) {
            data.entry("message_thread_id").or_insert_with(|| topic.into());
        }
        Ok(data)
    }

    /// A message there. A topic is named, since a message without one would go into the general topic.
    ///
    /// # Errors
    ///
    /// [`DataError`] for a text that no message can have.
    pub fn says(&self, text: &str) -> Result<Answer, DataError> {
        let mut data = Map::from_iter([
            ("chat_id".to_owned(), Value::from(self.chat.0)),
            ("text".to_owned(), Value::from(text)),
        ]);
        data.extend(self.message_thread_id.map(|topic| ("message_thread_id".to_owned(), topic.into())));
        call("sendMessage", &data)
    }

    /// Stops the clock that a pressed button shows, with a `text` that the person sees for a moment. `None` where no
    /// button was pressed.
    pub fn acknowledges(&self, text: Option<&str>) -> Option<Answer> {
        let query = self.callback_query.as_deref()?;
        let Value::Object(data) = json!({"callback_query_id": query, "text": text}) else { return None };
        call("answerCallbackQuery", &data).ok()
    }
}

impl Answer {
    /// Whether it stops the clock of a pressed button.
    pub fn is_acknowledgement(&self) -> bool {
        self.method.name() == "answerCallbackQuery"
    }
}

fn call(method: &str, data: &Map<String, Value>) -> Result<Answer, DataError> {
    let method = Method::parse(method).expect("the catalogue has what we call ourselves");
    Ok(Answer { method, call: method.validate(data)? })
}

/// Whether two parameters are the same: the Bot API takes numbers as texts, too.
fn is_same(given: &Value, here: &Value) -> bool {
    given == here || given.as_str() == Some(here.to_string().as_str())
}

/// An object, which the Bot API also takes as a text of JSON.
fn object_of(value: &Value) -> Map<String, Value> {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    match parsed.unwrap_or_else(|| value.clone()) {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
