//! Who may do what: `permissions.yaml`, and what is merged over it.
//!
//! Two kinds of asking meet here. An API key runs methods of the Bot API, as its role's `commands` allow. A Telegram
//! user asks the bot for something, as their role's `bot_commands` allow, and a route leads it to a service, whose
//! answers use methods as the service's role allows. The file's head says how it is written.

mod error;
mod read;
mod role;
mod service;
mod yaml;

use std::collections::BTreeMap;

pub use self::error::{Document, Line, PermissionsError, Problem};
use self::role::Asked;
pub use self::role::Role;
pub use self::service::{LONGEST_TIMEOUT, Service, Target};
use crate::api_key::ApiKeyId;
use crate::ids::UserId;
use crate::incoming::{Asks, Incoming};

/// The bot command with which every chat with a bot begins. Where no route claims it, it shows the Mini App.
const START: &str = "start";

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    roles: BTreeMap<String, Role>,
    assigned: Assigned,
    services: BTreeMap<String, Service>,
    routes: BTreeMap<Asked, String>,
    strangers: Strangers,
}

/// Who has which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Assigned {
    users: BTreeMap<UserId, String>,
    everyone: Option<String>,
    keys: BTreeMap<ApiKeyId, String>,
}

/// What a person without a role gets to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strangers {
    /// Nothing.
    #[default]
    Silent,
    /// That the bot is not for them.
    Answer,
}

/// What to do with what a person asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// The service gets it.
    Dispatch(&'a Service),
    /// A route claims it, and the person's role may not ask it: they are told so.
    Forbidden,
    /// It is a command that no route claims, of a person who has a role: they are told so.
    Unknown,
    /// The person has no role, and it is a command, or something that a route claims.
    Stranger(Strangers),
    /// It is left to the rest of the bot. So is everything while there are no routes.
    Unclaimed,
}

impl Permissions {
    /// Reads `permissions.yaml`.
    ///
    /// # Errors
    ///
    /// [`PermissionsError`], with the line.
    pub fn parse(text: &str) -> Result<Self, PermissionsError> {
        read::permissions(text).map_err(|problem| located(Document::Permissions, problem))
    }

    /// Merges a second document over it, which has every part but `roles`. Whom it names has the role that it says,
    /// and its services and routes stand in place of those of the same name.
    ///
    /// # Errors
    ///
    /// [`PermissionsError`], with the line.
    pub fn with_assignments(mut self, text: &str) -> Result<Self, PermissionsError> {
        let merged = read::assignments(text, &mut self);
        merged.map(|()| self).map_err(|problem| located(Document::Assignments, problem))
    }

    /// The role of that name.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// The names of the roles.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// The role of an API key: the one it was made with (`made_with`), unless it is given another one here.
    pub fn role_of_key(&self, id: &ApiKeyId, made_with: &str) -> Option<&Role> {
        self.role(self.assigned.keys.get(id).map_or(made_with, String::as_str))
    }

    /// The role of a Telegram user, if they have one.
    pub fn role_of_user(&self, user: UserId) -> Option<&Role> {
        self.role(self.assigned.users.get(&user).or(self.assigned.everyone.as_ref())?)
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// The services.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// The service to which what is asked is routed. A command's own route goes before `/*`, and `/start` has none
    /// but its own: it is how everybody finds the Mini App.
    pub fn route(&self, asks: &Asks) -> Option<&Service> {
        let is_start = matches!(asks, Asks::Command(command) if command.name == START);
        let fits = |asked: &Asked| asked.covers(asks) && !(is_start && *asked == Asked::AnyCommand);
        let (_, service) = self.routes.iter().find(|(asked, _)| fits(asked))?;
        self.services.get(service)
    }

    /// What to do with what a person asks. Commands for other bots ([`is_for`]) must not come here.
    ///
    /// In a group, plain messages are for the others there, and a command that names no bot and has no route of its own
    /// may be another bot's: nobody is refused there.
    ///
    /// [`is_for`]: crate::bot_command::BotCommand::is_for
    pub fn decide(&self, incoming: &Incoming) -> Verdict<'_> {
        let (asks, role) = (&incoming.asks, self.role_of_user(incoming.user));
        let route = self.route(asks);
        if let (Some(service), Some(role)) = (route, role)
            && role.may_ask(asks)
        {
            return Verdict::Dispatch(service);
        }
        let (is_for_us, is_refused) = match asks {
            Asks::Command(command) => {
                let has_own_route = self.routes.contains_key(&Asked::Command(command.name.clone()));
                let is_start = command.name == START && !has_own_route;
                (incoming.private || command.bot.is_some() || has_own_route, !is_start)
            }
            Asks::CallbackQuery { .. } => (true, route.is_some()),
            Asks::Message { .. } => (incoming.private, route.is_some() && role.is_none()),
        };
        if !is_for_us || !is_refused || self.routes.is_empty() {
            return Verdict::Unclaimed;
        }
        match (role, route) {
            (None, _) => Verdict::Stranger(self.strangers),
            (Some(_), Some(_)) => Verdict::Forbidden,
            (Some(_), None) => Verdict::Unknown,
        }
    }
}

fn located(document: Document, (line, problem): (Line, Problem)) -> PermissionsError {
    PermissionsError { document, line, problem }
}

#[cfg(test)]
mod tests;
