//! The calls that are measured, and what was found.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::figures::Times;

/// A call that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    /// A code for somebody whose account lives where the client asks first.
    SendCode,
    /// A code for somebody whose account lives in another data centre.
    SendCodeElsewhere,
    /// The code, of somebody without a password.
    SignIn,
    /// The password, after the code.
    CheckPassword,
    /// Whether Telegram still knows the login.
    IsAuthenticated,
    /// The same a day later, when the salt that the session remembers has expired.
    IsAuthenticatedNextDay,
    /// The end of the login.
    Logout,
}

impl Call {
    /// All, in the order in which a person makes them.
    pub(crate) const ALL: [Self; 7] = [
        Self::SendCode,
        Self::SendCodeElsewhere,
        Self::SignIn,
        Self::CheckPassword,
        Self::IsAuthenticated,
        Self::IsAuthenticatedNextDay,
        Self::Logout,
    ];

    /// What it is called in a table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SendCode => "`POST /send-code`",
            Self::SendCodeElsewhere => "`POST /send-code`, account elsewhere",
            Self::SignIn => "`POST /sign-in`",
            Self::CheckPassword => "`POST /check-password`",
            Self::IsAuthenticated => "`GET /is-authenticated`, check due",
            Self::IsAuthenticatedNextDay => "`GET /is-authenticated`, a day later",
            Self::Logout => "`POST /logout`",
        }
    }

    /// The function that answers.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::SendCode | Self::SendCodeElsewhere => "SendCode",
            Self::SignIn => "SignIn",
            Self::CheckPassword => "CheckPassword",
            Self::IsAuthenticated | Self::IsAuthenticatedNextDay => "IsAuthenticated",
            Self::Logout => "Logout",
        }
    }
}

/// What was found of one call.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) times: Times,
    /// Of the same requests to a function that does nothing.
    pub(crate) bare: Times,
    /// How many round trips to Telegram it took, every number that was seen.
    pub(crate) round_trips: BTreeSet<u64>,
}

/// What was found of each call.
pub(crate) type Measured = BTreeMap<Call, Found>;

impl Found {
    /// The round trips: one number, or the least and the most.
    pub(crate) fn counted(&self) -> String {
        match (self.round_trips.first(), self.round_trips.last()) {
            (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
            (Some(least), _) => least.to_string(),
            (None, _) => String::new(),
        }
    }
}
