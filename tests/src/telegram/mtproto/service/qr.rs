//! `auth.*LoginToken`: logging in by a QR code that another device scans.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::tokens::{BadToken, LoginToken};
use super::login::check_app;
use super::{Answered, Call, Me, answers, date, refused};

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::auth::ExportLoginToken::CONSTRUCTOR_ID => call.open(export_login_token),
        functions::auth::ImportLoginToken::CONSTRUCTOR_ID => call.open(import_login_token),
        functions::auth::AcceptLoginToken::CONSTRUCTOR_ID => call.signed_in(accept_login_token),
        _ => return None,
    })
}

/// Each call makes a new token. Those made before stay good for their time, and any of the key's that was accepted
/// is collected here.
fn export_login_token(
    call: &Call<'_>,
    request: &functions::auth::ExportLoginToken,
) -> Answered<enums::auth::LoginToken> {
    check_app(request.api_id, &request.api_hash)?;
    let mut key = call.key.clone();
    let mut live = Vec::new();
    for text in &key.login_tokens {
        live.extend(call.store.get::<LoginToken>(text)?.filter(|token| token.is_live(call.now_s())));
    }
    if let Some(accepted) = live.iter().find(|token| token.accepted_by.is_some()) {
        return collect(call, accepted.clone());
    }
    let token = LoginToken::new(call.caller, request.except_ids.clone(), call.now_s());
    key.login_tokens = live.into_iter().map(|token| token.text).chain([token.text.clone()]).collect();
    call.store.put(&token)?;
    call.store.put(&key)?;
    Ok(types::auth::LoginToken { expires: date(token.expires_at), token: token.bytes() }.into())
}

/// Goes on with a login at the data centre that `loginTokenMigrateTo` named.
fn import_login_token(
    call: &Call<'_>,
    request: &functions::auth::ImportLoginToken,
) -> Answered<enums::auth::LoginToken> {
    let invalid = || refused(BadToken::Invalid.name());
    let token = LoginToken::of_bytes(call.store, &request.token)?.ok_or_else(invalid)?;
    if token.is_spent {
        return Err(refused(BadToken::AlreadyAccepted.name()));
    }
    if !token.is_live(call.now_s()) {
        return Err(refused(BadToken::Expired.name()));
    }
    if token.accepted_by.is_none() {
        return Err(invalid());
    }
    collect(call, token)
}

/// Lets in whoever accepted the token, if they live here.
fn collect(call: &Call<'_>, mut token: LoginToken) -> Answered<enums::auth::LoginToken> {
    let invalid = || refused(BadToken::Invalid.name());
    let phone = token.accepted_by.clone().ok_or_else(invalid)?;
    let account = call.account(&phone)?.ok_or_else(invalid)?;
    if account.home_dc != call.caller.dc {
        let (dc_id, token) = (account.home_dc, token.bytes());
        return Ok(types::auth::LoginTokenMigrateTo { dc_id, token }.into());
    }
    token.spend(call.store)?;
    let authorization = call.let_in(&account)?;
    Ok(types::auth::LoginTokenSuccess { authorization }.into())
}

fn accept_login_token(
    call: &Call<'_>,
    me: &Me,
    request: &functions::auth::AcceptLoginToken,
) -> Answered<enums::Authorization> {
    let accepted = call.services.accept_login(call.store, &request.token, &me.account)?;
    let token = accepted.map_err(|why| refused(why.name()))?;
    Ok(answers::expected(token.client, me.account.phone.clone(), call.now_s()))
}
