//! What concerns every method: the configuration, faults, and what is refused before it is looked at.

use grammers_tl_types::Serializable;

use super::*;

async fn config(client: &Client) -> types::Config {
    let enums::Config::Config(config) = client.call(&functions::help::GetConfig {}).await.unwrap();
    config
}

#[tokio::test]
async fn the_configuration_names_every_address() {
    let sim = Sim::start();
    let config = config(&sim.client(3)).await;
    let only =
        |enums::DcOption::Option(option)| (option.id, option.media_only, option.ip_address, option.port);
    let options: Vec<_> = config.dc_options.into_iter().map(only).collect();
    let local = "127.0.0.1".to_owned();
    let expected = [
        (1, false, local.clone(), 4001),
        (1, true, local.clone(), 4002),
        (2, false, local.clone(), 4003),
        (2, true, local.clone(), 4004),
        (3, false, local, 4005),
    ];
    assert_eq!((config.this_dc, options), (3, expected.to_vec()));
    let enums::NearestDc::Dc(nearest) = sim.client(1).call(&functions::help::GetNearestDc {}).await.unwrap();
    assert_eq!((nearest.this_dc, nearest.nearest_dc), (1, 1));
}

#[tokio::test]
async fn the_limits_of_apps_are_told_once() {
    let sim = Sim::start();
    let client = sim.client(2);
    let get = |hash| functions::help::GetAppConfig { hash };
    let enums::help::AppConfig::Config(first) = client.call(&get(0)).await.unwrap() else { panic!("limits") };
    let enums::Jsonvalue::JsonObject(limits) = first.config else { panic!("an object") };
    let has = |key: &str, value: f64| {
        let value = types::JsonNumber { value }.into();
        let wanted = types::JsonObjectValue { key: key.to_owned(), value }.into();
        limits.value.contains(&wanted)
    };
    assert!(has("upload_max_fileparts_default", 4000.0) && has("upload_max_fileparts_premium", 8000.0));
    let again = client.call(&get(first.hash)).await.unwrap();
    assert_eq!(again, enums::help::AppConfig::NotModified);
}

#[tokio::test]
async fn a_person_sees_themselves_and_nothing_new() {
    let sim = Sim::start();
    sim.account("+15550000001", |new| new.premium = true);
    let client = sim.client(2);
    let me = sim.sign_in(&client, "+15550000001").await.unwrap();
    assert!(me.premium);
    let full = functions::users::GetFullUser { id: enums::InputUser::UserSelf };
    let enums::users::UserFull::Full(full) = client.call(&full).await.unwrap();
    let enums::UserFull::Full(details) = full.full_user;
    assert_eq!((details.id, full.users), (me.id, vec![me.clone().into()]));
    let (user_id, access_hash) = (me.id + 1, 1);
    let nobody = types::InputUser { user_id, access_hash }.into();
    assert_refused(client.call(&functions::users::GetUsers { id: vec![nobody] }).await, "USER_ID_INVALID");
    let enums::updates::State::State(state) = client.call(&functions::updates::GetState {}).await.unwrap();
    let since = |pts| functions::updates::GetDifference {
        pts,
        pts_limit: None,
        pts_total_limit: None,
        date: state.date,
        qts: state.qts,
        qts_limit: None,
    };
    let difference = client.call(&since(state.pts)).await.unwrap();
    assert!(matches!(difference, enums::updates::Difference::Empty(_)));
    assert_refused(client.call(&since(0)).await, "PERSISTENT_TIMESTAMP_EMPTY");
    assert_refused(client.call(&since(state.pts + 1)).await, "PERSISTENT_TIMESTAMP_INVALID");
    assert!(client.call(&functions::account::UpdateStatus { offline: false }).await.unwrap());
}

#[tokio::test]
async fn what_is_not_known_is_refused() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let unknown = client.call(&functions::help::GetSupport {}).await;
    assert_refused(unknown.map(drop), "INPUT_METHOD_INVALID_2631862477");
    for body in [&b""[..], b"abc"] {
        let Outcome::Error(error) = client.services.call(&client.caller, body).await else {
            panic!("an error")
        };
        assert_eq!(error, errors::named("INPUT_FETCH_ERROR"));
    }
    let cut = &send_code(FIRST_PHONE).to_bytes()[..20];
    let Outcome::Error(error) = client.services.call(&client.caller, cut).await else { panic!("an error") };
    assert_eq!(error, errors::named("INPUT_FETCH_ERROR"));
    let temporary = functions::auth::BindTempAuthKey {
        perm_auth_key_id: 1,
        nonce: 1,
        expires_at: 1,
        encrypted_message: Vec::new(),
    };
    assert_refused(client.call(&temporary).await, "ENCRYPTED_MESSAGE_INVALID");
}

#[tokio::test]
async fn a_client_introduces_itself_first() {
    let sim = Sim::start();
    let mut client = sim.client(2);
    client.caller.api_id = None;
    assert_refused(client.send_code(FIRST_PHONE).await, "CONNECTION_NOT_INITED");
}

#[tokio::test]
async fn a_fault_before_leaves_no_trace_and_one_after_all_of_them() {
    let sim = Sim::start();
    let client = sim.client(2);
    sim.plan("auth.sendCode", "FLOOD_WAIT_7", Moment::Before);
    assert_refused(client.send_code(FIRST_PHONE).await, "FLOOD_WAIT_7");
    assert_eq!(sim.people().login_code(&number(FIRST_PHONE)).unwrap(), None);
    sim.plan("auth.sendCode", "429:5", Moment::After);
    assert_refused(client.send_code(FIRST_PHONE).await, "FLOOD_WAIT_5");
    assert_eq!(sim.code(FIRST_PHONE).len(), 5);
    sim.plan("*", "500:RPC_CALL_FAIL", Moment::Before);
    assert_refused(client.send_code(FIRST_PHONE).await, "RPC_CALL_FAIL");
    sim.plan("auth.logOut", "drop", Moment::After);
    sim.sign_in(&client, FIRST_PHONE).await.unwrap();
    assert!(matches!(client.outcome(&functions::auth::LogOut {}).await, Outcome::Drop));
    assert_eq!(sim.summary(FIRST_PHONE).authorizations, 0);
    sim.plan("auth.signIn", "hang", Moment::Before);
    let hash = client.send_code(FIRST_PHONE).await.unwrap().phone_code_hash;
    let sign_in = functions::auth::SignIn {
        phone_number: FIRST_PHONE.to_owned(),
        phone_code_hash: hash,
        phone_code: Some(sim.code(FIRST_PHONE)),
        email_verification: None,
    };
    assert!(matches!(client.outcome(&sign_in).await, Outcome::Hang));
    assert_eq!(sim.faults.hits("auth.signIn"), 1);
    client.call(&sign_in).await.unwrap();
}
