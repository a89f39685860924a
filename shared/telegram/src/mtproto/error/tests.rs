use super::*;

fn rpc(code: i32, name: &str, value: Option<u32>) -> TelegramError {
    TelegramError::Rpc { code, name: name.to_owned(), value }
}

#[test]
fn every_documented_error_of_a_login_is_told_apart() {
    let plain = [
        (400, "API_ID_INVALID"),
        (400, "API_ID_PUBLISHED_FLOOD"),
        (500, "AUTH_RESTART"),
        (400, "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN"),
        (400, "PHONE_NUMBER_BANNED"),
        (400, "PHONE_NUMBER_FLOOD"),
        (406, "PHONE_NUMBER_INVALID"),
        (406, "PHONE_PASSWORD_FLOOD"),
        (400, "PHONE_PASSWORD_PROTECTED"),
        (400, "SMS_CODE_CREATE_FAILED"),
        (406, "UPDATE_APP_TO_LOGIN"),
        (400, "PHONE_CODE_EMPTY"),
        (400, "PHONE_CODE_EXPIRED"),
        (400, "PHONE_CODE_HASH_EMPTY"),
        (400, "PHONE_CODE_INVALID"),
        (406, "SEND_CODE_UNAVAILABLE"),
        (400, "PHONE_NUMBER_UNOCCUPIED"),
        (500, "SIGN_IN_FAILED"),
        // Documented as a 400, sent as a 401, and the login goes on.
        (400, "SESSION_PASSWORD_NEEDED"),
        (401, "SESSION_PASSWORD_NEEDED"),
        (400, "AUTH_TOKEN_INVALID"),
        (400, "AUTH_TOKEN_INVALID1"),
        (400, "AUTH_TOKEN_EXPIRED"),
        (400, "AUTH_TOKEN_ALREADY_ACCEPTED"),
        (400, "PASSWORD_HASH_INVALID"),
        (400, "SRP_ID_INVALID"),
        (400, "SRP_PASSWORD_CHANGED"),
        (500, "AUTH_KEY_UNSYNCHRONIZED"),
        (400, "TTL_DAYS_INVALID"),
        (406, "FRESH_RESET_AUTHORISATION_FORBIDDEN"),
        (420, "FROZEN_METHOD_INVALID"),
        (400, "FROZEN_PARTICIPANT_MISSING"),
        (400, "ENCRYPTED_MESSAGE_INVALID"),
        (-503, "Timeout"),
    ];
    for (code, name) in plain {
        assert_eq!(TelegramError::from_rpc(code, name), rpc(code, name, None));
        assert_eq!(TelegramError::from_rpc(code, name).details(), name);
    }

    let numbered = [
        (500, "AUTH_RESTART_3", "AUTH_RESTART", 3),
        (303, "PHONE_MIGRATE_2", "PHONE_MIGRATE", 2),
        (303, "USER_MIGRATE_4", "USER_MIGRATE", 4),
        (303, "NETWORK_MIGRATE_5", "NETWORK_MIGRATE", 5),
        (303, "FILE_MIGRATE_1", "FILE_MIGRATE", 1),
        (400, "FILE_PART_3_MISSING", "FILE_PART_MISSING", 3),
    ];
    for (code, sent, name, value) in numbered {
        assert_eq!(TelegramError::from_rpc(code, sent), rpc(code, name, Some(value)));
    }

    let floods = [("FLOOD_WAIT_7", 7), ("FLOOD_PREMIUM_WAIT_30", 30), ("SLOWMODE_WAIT_0", 1)];
    for (sent, seconds) in floods {
        assert_eq!(TelegramError::from_rpc(420, sent), TelegramError::Flood { seconds });
    }

    let dead = [
        (401, "AUTH_KEY_UNREGISTERED"),
        (401, "AUTH_KEY_INVALID"),
        (401, "AUTH_KEY_PERM_EMPTY"),
        (401, "SESSION_REVOKED"),
        (401, "SESSION_EXPIRED"),
        (401, "USER_DEACTIVATED"),
        (401, "USER_DEACTIVATED_BAN"),
        (406, "AUTH_KEY_DUPLICATED"),
    ];
    for (code, sent) in dead {
        assert_eq!(TelegramError::from_rpc(code, sent), TelegramError::Dead(sent));
    }
}

#[test]
fn a_name_that_is_none_is_not_passed_on() {
    for wrong in ["", "line\nbreak", "ключ", &"A".repeat(101)] {
        assert_eq!(TelegramError::from_rpc(400, wrong), rpc(400, "UNKNOWN_ERROR", None));
    }
    assert_eq!(TelegramError::from_rpc(400, "17"), rpc(400, "17", None));
    assert_eq!(TelegramError::from_rpc(420, "FLOOD_WAIT"), rpc(420, "FLOOD_WAIT", None));
    assert_eq!(TelegramError::from_rpc(400, "X_99999999999"), rpc(400, "X_99999999999", None));
}

#[test]
fn a_refusal_is_known_by_its_name_whatever_the_code() {
    assert!(TelegramError::from_rpc(401, "SESSION_PASSWORD_NEEDED").is("SESSION_PASSWORD_NEEDED"));
    assert!(!TelegramError::Dead("AUTH_KEY_UNREGISTERED").is("AUTH_KEY_UNREGISTERED"));
}

#[test]
fn what_is_no_error_of_telegrams_has_a_name_of_ours() {
    let own = [
        (TelegramError::Flood { seconds: 9 }, "FLOOD_WAIT"),
        (TelegramError::Dead("SESSION_REVOKED"), "AUTH_KEY_UNREGISTERED"),
        (TelegramError::Unreachable, "TELEGRAM_UNREACHABLE"),
        (TelegramError::Timeout, "TELEGRAM_TIMEOUT"),
        (TelegramError::Lost, "TELEGRAM_CONNECTION_LOST"),
        (TelegramError::Protocol("x"), "TELEGRAM_PROTOCOL_ERROR"),
    ];
    for (error, name) in own {
        assert_eq!(error.details(), name);
    }
}
