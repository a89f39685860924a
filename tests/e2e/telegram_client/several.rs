//! Several calls at once over one connection.

use grammers_tl_types::{enums, functions};
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_tests::telegram::faults::Moment;

use super::support::{OTHER_DC, TestCloud, fresh, owner, somebody};

fn who_am_i() -> functions::users::GetUsers {
    functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] }
}

fn nobody() -> functions::users::GetUsers {
    functions::users::GetUsers { id: Vec::new() }
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_calls() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);
    let calls: Vec<_> = (0..12).map(|number| if number % 3 == 0 { nobody() } else { who_am_i() }).collect();
    let answers = link.invoke_all(&calls).await;
    let counts: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().len()).collect();
    assert_eq!(counts, [0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1]);
    assert_eq!(link.invoke_all::<functions::users::GetUsers>(&[]).await, Vec::<Result<_, _>>::new());
    link.close().await;
    assert_eq!(cloud.overlaps(&owner()), 0);
}

#[tokio::test]
async fn a_short_wait_is_waited_for_once_for_all_and_a_long_one_is_told() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);
    cloud.plan("users.getUsers", "FLOOD_WAIT_1", 3, Moment::Before);
    let answers = link.invoke_all(&[who_am_i(), who_am_i(), who_am_i(), who_am_i()]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(cloud.hits("users.getUsers"), 3);

    cloud.plan("users.getUsers", "FLOOD_WAIT_9", 1, Moment::Before);
    let answers = link.invoke_all(&[who_am_i(), who_am_i()]).await;
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(failed, [&TelegramError::Flood { seconds: 9 }]);
    link.close().await;
}

#[tokio::test]
async fn an_error_of_one_call_is_its_own() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);
    cloud.plan("users.getUsers", "USER_ID_INVALID", 1, Moment::Before);
    let answers = link.invoke_all(&[who_am_i(), who_am_i(), who_am_i()]).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    assert_eq!(cloud.hits("users.getUsers"), 1, "what cannot be helped is not asked again");
    link.close().await;
}

#[tokio::test]
async fn a_connection_that_breaks_ends_all_and_the_next_calls_make_another() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);
    cloud.plan("users.getUsers", "drop", 1, Moment::Before);
    let answers = link.invoke_all(&[who_am_i(), who_am_i()]).await;
    assert!(answers.iter().any(|answer| answer.as_ref().is_err_and(|error| *error == TelegramError::Lost)));
    let answers = link.invoke_all(&[who_am_i(), who_am_i()]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    link.close().await;
    assert_eq!(cloud.overlaps(&owner()), 0);
}

#[tokio::test]
async fn calls_follow_telegram_to_another_data_centre_together() {
    let cloud = TestCloud::start().await;
    cloud.account(&somebody(), |_| {});
    let mut session = fresh(OTHER_DC);
    let mut link = cloud.link(&mut session);
    let settings = || {
        enums::CodeSettings::Settings(grammers_tl_types::types::CodeSettings {
            allow_flashcall: false,
            current_number: false,
            allow_app_hash: false,
            allow_missed_call: false,
            allow_firebase: false,
            unknown_number: false,
            logout_tokens: None,
            token: None,
            app_sandbox: None,
        })
    };
    let calls = [owner(), somebody()].map(|phone| functions::auth::SendCode {
        phone_number: phone.e164().to_owned(),
        api_id: link.app().api_id,
        api_hash: link.app().api_hash.expose().to_owned(),
        settings: settings(),
    });
    let answers = link.invoke_all(&calls).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_ne!(link.session().home_dc, OTHER_DC);
    link.close().await;
}
