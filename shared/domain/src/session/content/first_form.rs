//! The first form of a session, which knew no addresses for files. What it is made of has not changed since.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{DcKey, MediaServers, Session, Stage};

/// Its number.
pub(super) const FORM: u8 = 1;

#[derive(Deserialize)]
pub(super) struct FirstForm {
    home_dc: i32,
    keys: BTreeMap<i32, DcKey>,
    stage: Stage,
}

impl From<FirstForm> for Session {
    fn from(form: FirstForm) -> Self {
        let FirstForm { home_dc, keys, stage } = form;
        Self { home_dc, keys, stage, media: MediaServers::default() }
    }
}
