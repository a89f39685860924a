//! `auth.*` once somebody is logged in: leaving, other data centres, other devices.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::authorizations::{Authorization, Standing};
use super::super::tokens::Export;
use super::answers::authorized;
use super::{Answered, Call, Me, Refused, refused};

/// How old an authorization must be to end others, in seconds (core.telegram.org/method/auth.resetAuthorizations).
pub(super) const FRESH_S: u64 = 24 * 60 * 60;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::auth::LogOut::CONSTRUCTOR_ID => call.open(log_out),
        functions::auth::ExportAuthorization::CONSTRUCTOR_ID => call.signed_in(export_authorization),
        functions::auth::ImportAuthorization::CONSTRUCTOR_ID => call.open(import_authorization),
        functions::auth::ResetAuthorizations::CONSTRUCTOR_ID => call.signed_in(reset_authorizations),
        functions::auth::BindTempAuthKey::CONSTRUCTOR_ID => call.open(bind_temp_auth_key),
        _ => return None,
    })
}

/// Also leaves a login that waits for its password.
fn log_out(call: &Call<'_>, _: &functions::auth::LogOut) -> Answered<enums::auth::LoggedOut> {
    let mut key = call.key.clone();
    if let Standing::PasswordNeeded(_) = key.standing {
        key.standing = Standing::Stranger;
        key.challenge = None;
        call.store.put(&key)?;
    } else {
        call.me()?.authorization.end(call.store, &Standing::Stranger)?;
    }
    Ok(types::auth::LoggedOut { future_auth_token: None }.into())
}

fn export_authorization(
    call: &Call<'_>,
    me: &Me,
    request: &functions::auth::ExportAuthorization,
) -> Answered<enums::auth::ExportedAuthorization> {
    let dc = request.dc_id;
    if dc == call.caller.dc || !call.addresses().iter().any(|address| address.dc == dc) {
        return Err(refused("DC_ID_INVALID"));
    }
    let export = Export::new(me.account.id, me.authorization.hash, dc, call.now_s());
    call.store.put(&export)?;
    Ok(types::auth::ExportedAuthorization { id: export.user_id, bytes: export.bytes() }.into())
}

fn import_authorization(
    call: &Call<'_>,
    request: &functions::auth::ImportAuthorization,
) -> Answered<enums::auth::Authorization> {
    let invalid = || refused("AUTH_BYTES_INVALID");
    let export = Export::take(call.store, &request.bytes, request.id, call.caller.dc, call.now_s())?
        .ok_or_else(invalid)?;
    call.leave()?;
    let mut authorization = Authorization::get(call.store, export.authorization)?.ok_or_else(invalid)?;
    let account = call.account(&authorization.phone)?.ok_or_else(invalid)?;
    authorization.carry_over(call.store, call.key.clone())?;
    Ok(authorized(&account))
}

fn reset_authorizations(
    call: &Call<'_>,
    me: &Me,
    _: &functions::auth::ResetAuthorizations,
) -> Answered<bool> {
    check_not_fresh(call, me)?;
    for other in Authorization::of_account(call.store, &me.account.phone)? {
        if other.hash != me.authorization.hash {
            other.end(call.store, &Standing::Revoked)?;
        }
    }
    Ok(true)
}

/// Somebody who has just come in cannot throw the others out.
pub(super) fn check_not_fresh(call: &Call<'_>, me: &Me) -> Result<(), Refused> {
    if call.now_s() < me.authorization.created_at + FRESH_S {
        return Err(refused("FRESH_RESET_AUTHORISATION_FORBIDDEN"));
    }
    Ok(())
}

/// Temporary keys are not simulated; this is what a binding message that does not fit is answered with.
fn bind_temp_auth_key(_: &Call<'_>, _: &functions::auth::BindTempAuthKey) -> Answered<bool> {
    Err(refused("ENCRYPTED_MESSAGE_INVALID"))
}
