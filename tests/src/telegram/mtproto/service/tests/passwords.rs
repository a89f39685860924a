//! Two-step verification.

use super::*;

const PHONE: &str = "+15550000001";
const PASSWORD: &str = "correct horse";

/// A client whose code was right and whose password is still to come.
async fn waiting(sim: &Sim) -> Client {
    sim.account(PHONE, |new| {
        new.password = Some(PASSWORD.to_owned());
        new.hint = Some("xkcd".to_owned());
    });
    let client = sim.client(2);
    assert_refused(sim.sign_in(&client, PHONE).await, "SESSION_PASSWORD_NEEDED");
    client
}

#[tokio::test]
async fn the_password_completes_the_login() {
    let sim = Sim::start();
    let client = waiting(&sim).await;
    assert_refused(client.me().await, "SESSION_PASSWORD_NEEDED");
    let asked = client.password().await.unwrap();
    assert_eq!((asked.has_password, asked.hint.as_deref()), (true, Some("xkcd")));
    let entered = user(client.check(proof(&asked, PASSWORD)).await.unwrap());
    assert_eq!(entered, client.me().await.unwrap());
    assert_eq!(sim.summary(PHONE).authorizations, 1);
}

#[tokio::test]
async fn a_wrong_password_and_stale_parameters_are_told_apart() {
    let sim = Sim::start();
    let client = waiting(&sim).await;
    let asked = client.password().await.unwrap();
    assert_refused(client.check(proof(&asked, "wrong")).await, "PASSWORD_HASH_INVALID");
    // The parameters were used up by the attempt, and newer ones make older ones worthless.
    assert_refused(client.check(proof(&asked, PASSWORD)).await, "SRP_ID_INVALID");
    let older = client.password().await.unwrap();
    let newer = client.password().await.unwrap();
    assert_ne!(older.srp_id, newer.srp_id);
    assert_refused(client.check(proof(&older, PASSWORD)).await, "SRP_ID_INVALID");
    let asked = client.password().await.unwrap();
    sim.people().set_password(&number(PHONE), Some("another")).unwrap();
    assert_refused(client.check(proof(&asked, PASSWORD)).await, "SRP_PASSWORD_CHANGED");
    let asked = client.password().await.unwrap();
    client.check(proof(&asked, "another")).await.unwrap();
}

#[tokio::test]
async fn a_login_without_its_password_can_be_left() {
    let sim = Sim::start();
    let client = waiting(&sim).await;
    client.log_out().await.unwrap();
    assert_refused(client.password().await, "AUTH_KEY_UNREGISTERED");
    assert_eq!(sim.summary(PHONE).authorizations, 0);
}

#[tokio::test]
async fn an_account_without_a_password_says_so() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let asked = client.password().await.unwrap();
    assert!(!asked.has_password);
    assert_eq!((asked.current_algo, asked.srp_id, asked.srp_b), (None, None, None));
}

#[tokio::test]
async fn nobody_proves_a_password_before_the_code() {
    let sim = Sim::start();
    let client = waiting(&sim).await;
    let asked = client.password().await.unwrap();
    let stranger = sim.client(2);
    assert_refused(stranger.password().await, "AUTH_KEY_UNREGISTERED");
    assert_refused(stranger.check(proof(&asked, PASSWORD)).await, "AUTH_KEY_UNREGISTERED");
}
