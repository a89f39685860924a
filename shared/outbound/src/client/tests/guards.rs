//! What would lead a call elsewhere: names, redirects, proxies.

use std::process::{Command, Stdio};

use axum::http::{StatusCode, header};
use axum::routing::post as on_post;

use super::*;

fn refused(host: &str) -> Result<Reply, OutboundError> {
    Err(OutboundError::Address { host: host.to_owned() })
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_the_connection_is_made() {
    let inside = Forbidden::at("127.0.0.1:0");
    for address in
        ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254", "0.0.0.0"]
    {
        let names = Names::of("rebound.example", &[address]);
        let client = client("", names.clone());
        let url = format!("https://rebound.example:{}/", inside.port());
        assert_eq!(client.rules.check(&url), Ok(()), "the URL tells nothing");
        assert_eq!(post(&client, &url).await, refused("rebound.example"), "{address}");
        assert_eq!(names.asked(), ["rebound.example"]);
    }
    assert!(inside.was_left_alone());
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_called_are_tried() {
    let outside = serve(Router::new().route("/", on_post("outside"))).await;
    let inside = Forbidden::at(&format!("127.0.0.2:{}", outside.port()));
    let names = Names::of("mixed.example", &["127.0.0.2", "::1", "127.0.0.1"]);
    let client = client("127.0.0.1/32", names);
    let reply = post(&client, &format!("http://mixed.example:{}/", outside.port())).await.unwrap();
    assert_eq!(reply.body, "outside");
    assert!(inside.was_left_alone());
}

#[tokio::test]
async fn every_connection_asks_for_the_name_anew() {
    let hang_up = || async { ([(header::CONNECTION, "close")], "once") };
    let service = serve(Router::new().route("/", on_post(hang_up))).await;
    let names = Names::of("service.example", &["127.0.0.1"]);
    let client = client(LOOPBACK, names.clone());
    let url = format!("http://service.example:{}/", service.port());
    for _ in 0..2 {
        assert_eq!(post(&client, &url).await.unwrap().body, "once");
    }
    assert_eq!(names.asked(), ["service.example", "service.example"]);
}

#[tokio::test]
async fn a_public_address_is_not_called_without_tls_whatever_name_it_has() {
    let client = client(LOOPBACK, Names::of("plain.example", &["1.1.1.1"]));
    assert_eq!(post(&client, "http://plain.example/").await, refused("plain.example"));
    assert_eq!(post(&client, "http://1.1.1.1/").await, refused("1.1.1.1"));
}

#[tokio::test]
async fn an_address_inside_is_refused_before_anything_is_asked_or_connected() {
    let inside = Forbidden::at("127.0.0.1:0");
    let names = Arc::new(Names::default());
    let client = client("", names.clone());
    for spelling in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "0"] {
        let answer = post(&client, &format!("https://{spelling}:{}/", inside.port())).await;
        assert!(matches!(answer, Err(OutboundError::Address { .. })), "{spelling}");
    }
    assert_eq!(names.asked(), Vec::<String>::new());
    assert!(inside.was_left_alone());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nothing_follows_it() {
    let inside = Forbidden::at("127.0.0.1:0");
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://127.0.0.1:{}/", inside.port());
        let redirect =
            move || async move { (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, location)]) };
        let service = serve(Router::new().route("/", on_post(redirect))).await;
        let reply = post(&client(LOOPBACK, Arc::default()), &format!("http://{service}/")).await.unwrap();
        assert_eq!(reply, Reply { status, body: Bytes::new() });
    }
    assert!(inside.was_left_alone());
}

/// The variable that makes a test process the one which calls.
const TO_CALL: &str = "OUTBOUND_TEST_TO_CALL";

/// Environments belong to processes, so the call is made by another process: this test again.
#[tokio::test]
async fn the_proxies_of_the_environment_are_not_used() {
    if let Some((_, url)) = std::env::vars().find(|(name, _)| name == TO_CALL) {
        let client = client(LOOPBACK, Names::of("service.example", &["127.0.0.1"]));
        assert_eq!(post(&client, &url).await.unwrap().body, "directly");
        return;
    }
    let proxy = Forbidden::at("127.0.0.1:0");
    let service = serve(Router::new().route("/", on_post("directly"))).await;
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", "client::tests::guards::the_proxies_of_the_environment_are_not_used"]);
    test.env(TO_CALL, format!("http://service.example:{}/", service.port()));
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        test.env(name, format!("http://127.0.0.1:{}", proxy.port()));
    }
    test.env_remove("no_proxy").env_remove("NO_PROXY").stdin(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || test.output()).await.unwrap().unwrap();
    let output = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && output.contains("1 passed"), "{output}");
    assert!(proxy.was_left_alone());
}
