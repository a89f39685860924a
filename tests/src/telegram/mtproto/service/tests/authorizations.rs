//! Who is logged in, over how many connections, in which data centres, and for how long.

use super::super::auth::FRESH_S;
use super::*;

async fn listed(client: &Client) -> Vec<types::Authorization> {
    let enums::account::Authorizations::Authorizations(all) =
        client.call(&functions::account::GetAuthorizations {}).await.unwrap();
    let only = |enums::Authorization::Authorization(it)| it;
    all.authorizations.into_iter().map(only).collect()
}

pub(super) async fn export(
    client: &Client,
    dc_id: i32,
) -> Result<types::auth::ExportedAuthorization, RpcError> {
    let enums::auth::ExportedAuthorization::Authorization(export) =
        client.call(&functions::auth::ExportAuthorization { dc_id }).await?;
    Ok(export)
}

pub(super) fn import(of: types::auth::ExportedAuthorization) -> functions::auth::ImportAuthorization {
    functions::auth::ImportAuthorization { id: of.id, bytes: of.bytes }
}

#[tokio::test]
async fn a_request_beside_another_main_connection_kills_the_authorization() {
    let sim = Sim::start();
    let first = sim.signed_in().await;
    let second = sim.again(&first, false);
    assert_refused(second.me().await, "AUTH_KEY_DUPLICATED");
    for client in [&first, &second] {
        assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    }
    second.close();
    // The key itself is no good any more.
    assert_refused(first.send_code(FIRST_PHONE).await, "AUTH_KEY_UNREGISTERED");
    let summary = sim.summary(FIRST_PHONE);
    assert_eq!((summary.authorizations, summary.overlaps), (0, 1));
    sim.signed_in().await.me().await.unwrap();
    assert_eq!(sim.summary(FIRST_PHONE).overlaps, 1);
}

#[tokio::test]
async fn connections_one_after_another_do_not_overlap() {
    let sim = Sim::start();
    let first = sim.signed_in().await;
    first.close();
    let second = sim.again(&first, false);
    second.me().await.unwrap();
    second.close();
    sim.again(&first, false).me().await.unwrap();
    assert_eq!(sim.summary(FIRST_PHONE).overlaps, 0);
}

#[tokio::test]
async fn connections_for_files_and_those_of_nobody_never_overlap() {
    let sim = Sim::start();
    let main = sim.signed_in().await;
    let (media, more) = (sim.again(&main, true), sim.again(&main, true));
    main.me().await.unwrap();
    for client in [&media, &more] {
        client.call(&functions::help::GetConfig {}).await.unwrap();
    }
    main.me().await.unwrap();
    let stranger = sim.client(2);
    sim.again(&stranger, false).send_code(FIRST_PHONE).await.unwrap();
    stranger.send_code(FIRST_PHONE).await.unwrap();
    assert_eq!(sim.summary(FIRST_PHONE).overlaps, 0);
}

#[tokio::test]
async fn an_authorization_is_carried_over_to_another_data_centre() {
    let sim = Sim::start();
    let home = sim.signed_in().await;
    for dc in [2, 7] {
        assert_refused(export(&home, dc).await, "DC_ID_INVALID");
    }
    let exported = export(&home, 1).await.unwrap();
    let (away, wrong) = (sim.client(1), sim.client(3));
    assert_refused(wrong.call(&import(exported.clone())).await, "AUTH_BYTES_INVALID");
    let other = types::auth::ExportedAuthorization { id: exported.id + 1, ..exported.clone() };
    assert_refused(away.call(&import(other)).await, "AUTH_BYTES_INVALID");
    home.close();
    away.call(&import(exported.clone())).await.unwrap();
    assert_refused(sim.client(1).call(&import(exported)).await, "AUTH_BYTES_INVALID");
    assert_eq!(away.me().await.unwrap().phone.as_deref(), Some("15551234567"));
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 1);
    away.close();
    // Leaving at home ends it everywhere.
    sim.again(&home, false).log_out().await.unwrap();
    assert_refused(sim.again(&away, false).me().await, "AUTH_KEY_UNREGISTERED");
}

#[tokio::test]
async fn main_connections_to_two_data_centres_overlap_too() {
    let sim = Sim::start();
    let home = sim.signed_in().await;
    let away = sim.client(3);
    away.call(&import(export(&home, 3).await.unwrap())).await.unwrap();
    assert_refused(home.me().await, "AUTH_KEY_DUPLICATED");
    assert_refused(away.me().await, "AUTH_KEY_UNREGISTERED");
    assert_eq!(sim.summary(FIRST_PHONE).overlaps, 1);
}

#[tokio::test]
async fn an_export_lives_a_minute() {
    let sim = Sim::start();
    let exported = export(&sim.signed_in().await, 1).await.unwrap();
    sim.advance(60);
    assert_refused(sim.client(1).call(&import(exported)).await, "AUTH_BYTES_INVALID");
}

#[tokio::test]
async fn others_are_thrown_out_by_who_is_no_newcomer() {
    let sim = Sim::start();
    let (old, other) = (sim.signed_in().await, sim.signed_in().await);
    let all = listed(&old).await;
    let (mine, others) = (&all[0], &all[1]);
    assert_eq!((all.len(), mine.current, mine.hash, others.current), (2, true, 0, false));
    assert_eq!((others.api_id, others.device_model.as_str()), (1_000_001, "Test"));
    let reset = functions::account::ResetAuthorization { hash: others.hash };
    assert_refused(old.call(&reset).await, "FRESH_RESET_AUTHORISATION_FORBIDDEN");
    assert_refused(
        old.call(&functions::auth::ResetAuthorizations {}).await,
        "FRESH_RESET_AUTHORISATION_FORBIDDEN",
    );
    sim.advance(FRESH_S);
    let unknown = functions::account::ResetAuthorization { hash: 0 };
    assert_refused(old.call(&unknown).await, "HASH_INVALID");
    assert!(old.call(&reset).await.unwrap());
    assert_refused(other.me().await, "SESSION_REVOKED");
    sim.sign_in(&other, FIRST_PHONE).await.unwrap();
    assert!(old.call(&functions::auth::ResetAuthorizations {}).await.unwrap());
    assert_refused(other.me().await, "SESSION_REVOKED");
    assert_eq!(listed(&old).await.len(), 1);
}

#[tokio::test]
async fn logins_and_what_they_wait_for_survive_a_restart() {
    let sim = Sim::start();
    sim.account("+15550000001", |new| new.password = Some("x".to_owned()));
    let (here, coming, waiting) = (sim.signed_in().await, sim.client(2), sim.client(2));
    let hash = coming.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let code = sim.code(FIRST_PHONE);
    assert_refused(sim.sign_in(&waiting, "+15550000001").await, "SESSION_PASSWORD_NEEDED");
    let asked = waiting.password().await.unwrap();
    let callers = [&here, &coming, &waiting].map(|client| client.caller.clone());
    drop((here, coming, waiting));
    let sim = sim.restart();
    let [here, coming, waiting] = callers.map(|caller| sim.connected(caller));
    here.me().await.unwrap();
    coming.sign_in(FIRST_PHONE, &hash, &code).await.unwrap();
    waiting.check(proof(&asked, "x")).await.unwrap();
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 2);
}

#[tokio::test]
async fn a_reset_leaves_the_first_account_alone() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    sim.account("+15550000001", |_| {});
    sim.services.reset().unwrap();
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    assert_eq!(sim.people().summary(&number("+15550000001")).unwrap(), None);
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 0);
}

#[tokio::test]
async fn a_forgotten_key_takes_its_login_with_it() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    sim.services.forgotten(2, client.caller.key);
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 0);
}
