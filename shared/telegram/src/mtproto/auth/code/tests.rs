use super::*;

fn code(r#type: enums::auth::SentCodeType) -> enums::auth::SentCode {
    enums::auth::SentCode::Code(types::auth::SentCode {
        r#type,
        phone_code_hash: "hash".to_owned(),
        next_type: Some(enums::auth::CodeType::Call),
        timeout: Some(60),
    })
}

fn info(kind: CodeKind, length: Option<u32>) -> CodeInfo {
    CodeInfo { kind, length, next: Some(CodeKind::Call), timeout_s: Some(60) }
}

#[test]
fn every_way_in_which_codes_are_sent_has_a_kind() {
    let length = 5;
    let ways: Vec<(enums::auth::SentCodeType, CodeKind, Option<u32>)> = vec![
        (types::auth::SentCodeTypeApp { length }.into(), CodeKind::App, Some(5)),
        (types::auth::SentCodeTypeSms { length }.into(), CodeKind::Sms, Some(5)),
        (types::auth::SentCodeTypeCall { length }.into(), CodeKind::Call, Some(5)),
        (
            types::auth::SentCodeTypeFlashCall { pattern: "+1555*".to_owned() }.into(),
            CodeKind::FlashCall,
            None,
        ),
        (
            types::auth::SentCodeTypeMissedCall { prefix: "+1".to_owned(), length }.into(),
            CodeKind::MissedCall,
            Some(5),
        ),
        (
            types::auth::SentCodeTypeEmailCode {
                apple_signin_allowed: false,
                google_signin_allowed: false,
                email_pattern: "a*@example.org".to_owned(),
                length,
                reset_available_period: None,
                reset_pending_date: None,
            }
            .into(),
            CodeKind::Email,
            Some(5),
        ),
        (
            types::auth::SentCodeTypeFragmentSms { url: "https://fragment.com".to_owned(), length }.into(),
            CodeKind::Fragment,
            Some(5),
        ),
        (
            types::auth::SentCodeTypeFirebaseSms {
                nonce: None,
                play_integrity_project_id: None,
                play_integrity_nonce: None,
                receipt: None,
                push_timeout: None,
                length,
            }
            .into(),
            CodeKind::Sms,
            Some(5),
        ),
        (types::auth::SentCodeTypeSmsWord { beginning: None }.into(), CodeKind::SmsWord, None),
        (types::auth::SentCodeTypeSmsPhrase { beginning: None }.into(), CodeKind::SmsPhrase, None),
    ];
    for (way, kind, length) in ways {
        let expected = SentCode { hash: "hash".to_owned(), info: info(kind, length) };
        assert_eq!(sent(code(way)), Ok(expected), "{kind:?}");
    }
}

#[test]
fn what_only_telegrams_own_apps_can_do_is_refused_under_telegrams_name_for_it() {
    let email = types::auth::SentCodeTypeSetUpEmailRequired {
        apple_signin_allowed: false,
        google_signin_allowed: false,
    };
    let payment = types::auth::SentCodePaymentRequired {
        store_product: String::new(),
        phone_code_hash: String::new(),
        support_email_address: String::new(),
        support_email_subject: String::new(),
        premium_days: 0,
        currency: "USD".to_owned(),
        amount: 1,
    };
    for answer in [code(email.into()), enums::auth::SentCode::PaymentRequired(payment)] {
        assert!(sent(answer).unwrap_err().is("UPDATE_APP_TO_LOGIN"));
    }
}

#[test]
fn a_login_that_nobody_asked_for_is_none() {
    let required = types::auth::AuthorizationSignUpRequired { terms_of_service: None };
    let success = types::auth::SentCodeSuccess { authorization: required.into() };
    let result = sent(enums::auth::SentCode::Success(success));
    assert!(matches!(result, Err(TelegramError::Protocol(_))));
}

#[test]
fn lengths_and_times_that_cannot_be_are_left_out() {
    let answer = enums::auth::SentCode::Code(types::auth::SentCode {
        r#type: types::auth::SentCodeTypeApp { length: -1 }.into(),
        phone_code_hash: String::new(),
        next_type: None,
        timeout: Some(-1),
    });
    let info = sent(answer).unwrap().info;
    assert_eq!((info.length, info.next, info.timeout_s), (None, None, None));
}
