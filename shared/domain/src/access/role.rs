//! Roles: what an API key, a service's answer or a Telegram user may ask for.

use super::error::Problem;
use crate::bot_api::{Checked, Class, Method};
use crate::incoming::Asks;

/// What a role may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub(super) name: String,
    pub(super) commands: Vec<Grant>,
    pub(super) bot_commands: Vec<Asked>,
    pub(super) paid_broadcast: bool,
    pub(super) commands_per_minute: Option<u32>,
}

/// A line of a role's `commands`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// One method, by its name in camel case.
    Method(&'static str),
    /// Every method whose name in snake case begins so, if it spends nothing.
    Beginning(String),
}

/// A line of a role's `bot_commands`, or what a route is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// The bot command of that name, without the slash.
    Command(String),
    /// Every bot command.
    AnyCommand,
    /// Pressed buttons.
    CallbackQuery,
    /// Messages that are no commands.
    Message,
    /// All of it.
    Anything,
}

impl Role {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Commands that each API key with this role may enqueue in a minute, if the role says.
    pub fn commands_per_minute(&self) -> Option<u32> {
        self.commands_per_minute
    }

    /// Whether it may call `method`. What spends Stars or gives gifts must be granted by its own name.
    pub fn may_run(&self, method: &Method) -> bool {
        self.commands.iter().any(|grant| grant.covers(method))
    }

    /// Whether it may make that call of a method that it may run: a role that may send may not therefore pay for it.
    pub fn may_pay(&self, method: &Method, call: &Checked) -> bool {
        !call.spends || method.class() == Class::Spends || self.paid_broadcast
    }

    /// Whether a user of this role may ask that of the bot.
    pub fn may_ask(&self, asks: &Asks) -> bool {
        self.bot_commands.iter().any(|asked| asked.covers(asks))
    }
}

impl Grant {
    /// Reads a line of `commands`. A grant that grants nothing is a mistake.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        if let Some(beginning) = text.strip_suffix('*') {
            let grant = Self::Beginning(beginning.to_owned());
            let grants = Method::all().iter().any(|method| grant.covers(method));
            return if grants { Ok(grant) } else { Err(Problem::MatchesNothing(text.to_owned())) };
        }
        match Method::parse(text) {
            None => Err(Problem::NoSuchMethod(text.to_owned())),
            Some(method) if method.class() == Class::Never => Err(Problem::NeverCallable(text.to_owned())),
            Some(method) => Ok(Self::Method(method.name())),
        }
    }

    fn covers(&self, method: &Method) -> bool {
        match self {
            Self::Method(name) => *name == method.name(),
            Self::Beginning(beginning) => {
                let harmless = matches!(method.class(), Class::Send | Class::Acts);
                harmless && method.snake_name().starts_with(beginning)
            }
        }
    }
}

impl Asked {
    /// Reads `/name`, `/*`, `callback_query`, `message` or `*`.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text {
            "*" => Some(Self::Anything),
            "/*" => Some(Self::AnyCommand),
            "callback_query" => Some(Self::CallbackQuery),
            "message" => Some(Self::Message),
            _ => {
                // As Telegram's clients mark them: core.telegram.org/bots/api#botcommand.
                let name = text.strip_prefix('/')?;
                let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                let is_name = (1..=32).contains(&name.len()) && name.bytes().all(letter);
                is_name.then(|| Self::Command(name.to_owned()))
            }
        }
    }

    pub(super) fn covers(&self, asks: &Asks) -> bool {
        match (self, asks) {
            (Self::Anything, _)
            | (Self::AnyCommand, Asks::Command(_))
            | (Self::CallbackQuery, Asks::CallbackQuery { .. })
            | (Self::Message, Asks::Message { .. }) => true,
            (Self::Command(name), Asks::Command(command)) => *name == command.name,
            _ => false,
        }
    }
}
