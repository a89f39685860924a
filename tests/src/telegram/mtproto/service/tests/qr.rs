//! Logging in by QR code.

use super::*;

const ELSEWHERE: &str = "+15550000003";

fn waiting(token: enums::auth::LoginToken) -> types::auth::LoginToken {
    let enums::auth::LoginToken::Token(token) = token else { panic!("nobody has accepted it yet") };
    token
}

fn done(token: enums::auth::LoginToken) -> types::User {
    let enums::auth::LoginToken::Success(success) = token else { panic!("the login is complete") };
    user(success.authorization)
}

#[tokio::test]
async fn another_device_lets_a_newcomer_in() {
    let mut sim = Sim::start();
    let (client, phone) = (sim.client(2), sim.signed_in().await);
    let token = waiting(client.export_token().await.unwrap());
    assert_eq!(i64::from(token.expires) - i64::try_from(sim.clock.now_s()).unwrap(), 30);
    let accept = functions::auth::AcceptLoginToken { token: token.token };
    let enums::Authorization::Authorization(newcomer) = phone.call(&accept).await.unwrap();
    assert_eq!((newcomer.device_model.as_str(), newcomer.current), ("Test", false));
    assert_refused(phone.call(&accept).await, "AUTH_TOKEN_ALREADY_ACCEPTED");
    // The newcomer is told, once.
    let notice = sim.notices.try_recv().unwrap();
    assert_eq!((notice.dc, notice.key), (2, client.caller.key));
    let enums::Updates::UpdateShort(update) = enums::Updates::from_bytes(&notice.body).unwrap() else {
        panic!("one update")
    };
    assert_eq!(update.update, enums::Update::LoginToken);
    assert!(sim.notices.try_recv().is_err());
    assert_eq!(done(client.export_token().await.unwrap()), client.me().await.unwrap());
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 2);
}

#[tokio::test]
async fn a_token_lives_thirty_seconds() {
    let sim = Sim::start();
    let (client, phone) = (sim.client(2), number(FIRST_PHONE));
    let token = waiting(client.export_token().await.unwrap()).token;
    sim.advance(30);
    let error = sim.people().accept_login(&phone, &token).unwrap_err();
    assert_eq!(error.to_string(), "That login token has expired.");
    let error = sim.people().accept_login(&phone, b"made up").unwrap_err();
    assert_eq!(error.to_string(), "That login token is not valid.");
    waiting(client.export_token().await.unwrap());
}

#[tokio::test]
async fn an_older_code_on_the_screen_can_still_be_scanned() {
    let sim = Sim::start();
    let client = sim.client(2);
    let shown = waiting(client.export_token().await.unwrap()).token;
    assert_ne!(waiting(client.export_token().await.unwrap()).token, shown);
    sim.people().accept_login(&number(FIRST_PHONE), &shown).unwrap();
    done(client.export_token().await.unwrap());
}

#[tokio::test]
async fn a_newcomer_goes_on_where_the_account_lives() {
    let sim = Sim::start();
    sim.account(ELSEWHERE, |new| new.home_dc = 3);
    let client = sim.client(2);
    let token = waiting(client.export_token().await.unwrap()).token;
    let home = sim.client(3);
    let import = functions::auth::ImportLoginToken { token: token.clone() };
    assert_refused(home.call(&import).await, "AUTH_TOKEN_INVALID");
    sim.people().accept_login(&number(ELSEWHERE), &token).unwrap();
    let migrate = types::auth::LoginTokenMigrateTo { dc_id: 3, token };
    assert_eq!(client.export_token().await.unwrap(), migrate.into());
    assert_eq!(done(home.call(&import).await.unwrap()), home.me().await.unwrap());
    assert_refused(client.me().await, "AUTH_KEY_UNREGISTERED");
    assert_refused(sim.client(3).call(&import).await, "AUTH_TOKEN_ALREADY_ACCEPTED");
}

#[tokio::test]
async fn a_password_is_asked_for_here_too() {
    let sim = Sim::start();
    sim.account(ELSEWHERE, |new| new.password = Some("x".to_owned()));
    let client = sim.client(2);
    let token = waiting(client.export_token().await.unwrap()).token;
    sim.people().accept_login(&number(ELSEWHERE), &token).unwrap();
    assert_refused(client.export_token().await, "SESSION_PASSWORD_NEEDED");
    let asked = client.password().await.unwrap();
    user(client.check(proof(&asked, "x")).await.unwrap());
}

#[tokio::test]
async fn an_account_that_is_there_already_is_kept_out() {
    let sim = Sim::start();
    let me = sim.signed_in().await.me().await.unwrap();
    let request = functions::auth::ExportLoginToken {
        api_id: 1_000_001,
        api_hash: API_HASH.to_owned(),
        except_ids: vec![me.id],
    };
    let token = waiting(sim.client(2).call(&request).await.unwrap()).token;
    let accept = functions::auth::AcceptLoginToken { token };
    assert_refused(sim.signed_in().await.call(&accept).await, "AUTH_TOKEN_EXCEPTION");
}
