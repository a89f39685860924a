//! Configuration of what signs people in to their own accounts.

use std::time::Duration;

use lambdagram_aws::{AccountSecrets, Connection, SecretStore};
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::mtproto::{Servers, ServersError};

use super::{ConfigError, Environment};
use crate::http::CookieRules;

/// Days a session may live: browsers keep no cookie for longer than 400 (RFC 6265bis, section 5.6.2).
const MOST_SESSION_DAYS: u64 = 400;

/// Streams of one session at most: all the places are in one item of DynamoDB.
const MOST_STREAMS: u32 = 100;

const DAY: Duration = Duration::from_hours(24);

impl Environment {
    /// The servers that accounts are at.
    pub(crate) fn telegram_servers(&self) -> Result<Servers, ConfigError> {
        let variable = "TELEGRAM_SERVERS";
        match self.text(variable)?.as_str() {
            "production" => Ok(Servers::production()),
            "test" => Ok(Servers::test()),
            "custom" => {
                let (dcs, key) = ("TELEGRAM_DCS", "TELEGRAM_RSA_KEY");
                // One line holds a whole key where its line ends are spelt out.
                let pem = self.text(key)?.replace("\\n", "\n");
                Servers::custom(&self.text(dcs)?, &pem).map_err(|error| match error {
                    ServersError::Addresses => {
                        let expected = "a list of data centres like 1=192.0.2.1:443,2=192.0.2.2:443";
                        ConfigError::Invalid { variable: dcs, expected }
                    }
                    ServersError::Key => {
                        let expected = "an RSA public key of 2048 bits in PEM";
                        ConfigError::Invalid { variable: key, expected }
                    }
                })
            }
            _ => Err(ConfigError::Invalid { variable, expected: "production, test or custom" }),
        }
    }

    /// The number that Telegram knows the application by.
    pub(crate) fn telegram_api_id(&self) -> Result<i32, ConfigError> {
        let (variable, expected) = ("TELEGRAM_API_ID", "the api_id that my.telegram.org gives");
        let api_id: i32 = self.parsed(variable, expected)?;
        if api_id > 0 { Ok(api_id) } else { Err(ConfigError::Invalid { variable, expected }) }
    }

    /// The secrets of the application and of stored sessions: from the environment where it has them (one machine), else
    /// from Secrets Manager.
    pub(crate) async fn account_secrets(
        &self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<SecretStore<AccountSecrets>, ConfigError> {
        match self.optional("ACCOUNT_SECRETS") {
            Some(json) => Ok(SecretStore::from_environment(json.parse()?)),
            None => Ok(SecretStore::from_manager(connection, self.text("ACCOUNT_SECRETS_ID")?, now).await?),
        }
    }

    /// Who may sign in.
    pub(crate) fn sign_in_allow(&self) -> Result<SignInAllow, ConfigError> {
        let variable = "SIGN_IN_ALLOW";
        let text = self.text(variable)?;
        if text.trim() == "*" {
            return Ok(SignInAllow::Everybody);
        }
        let numbers: Option<Vec<_>> = text.split(',').map(PhoneNumber::parse).collect();
        let expected = "* or phone numbers like +15551234567, separated by commas";
        numbers.map(SignInAllow::These).ok_or(ConfigError::Invalid { variable, expected })
    }

    /// Whether people may sign in with a QR code.
    pub(crate) fn qr_login(&self) -> Result<bool, ConfigError> {
        let variable = "QR_LOGIN";
        match self.text(variable)?.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(ConfigError::Invalid { variable, expected: "on or off" }),
        }
    }

    /// How browsers keep the session's cookie.
    pub(crate) fn session_cookie(&self) -> Result<CookieRules, ConfigError> {
        self.parsed("SESSION_COOKIE", "strict, lax, none, partitioned or insecure")
    }

    /// Login codes the whole deployment asks for in a day.
    pub(crate) fn codes_per_day(&self) -> Result<u32, ConfigError> {
        self.parsed("CODES_PER_DAY", "a whole number")
    }

    /// Files that one session may stream at once.
    pub(crate) fn streams_per_session(&self) -> Result<u32, ConfigError> {
        let (variable, expected) = ("STREAMS_PER_SESSION", "a whole number from 1 to 100");
        match self.parsed(variable, expected)? {
            most @ 1..=MOST_STREAMS => Ok(most),
            _ => Err(ConfigError::Invalid { variable, expected }),
        }
    }

    /// When bytes of files are fetched under the session's lease.
    pub(crate) fn media_lease(&self) -> Result<MediaLease, ConfigError> {
        let variable = "MEDIA_LEASE";
        match self.text(variable)?.as_str() {
            "auto" => Ok(MediaLease::Auto),
            "always" => Ok(MediaLease::Always),
            _ => Err(ConfigError::Invalid { variable, expected: "auto or always" }),
        }
    }

    /// How long a session lives that nobody uses.
    pub(crate) fn session_life(&self) -> Result<Duration, ConfigError> {
        let (variable, expected) = ("SESSION_DAYS", "whole days from 1 to 400");
        match self.parsed::<u64>(variable, expected)? {
            days @ 1..=MOST_SESSION_DAYS => Ok(DAY * u32::try_from(days).unwrap_or(1)),
            _ => Err(ConfigError::Invalid { variable, expected }),
        }
    }
}

/// When bytes of files are fetched under the session's lease, over main connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaLease {
    /// Where the data centre has no address for files.
    Auto,
    /// Always: one stream of a session at a time.
    Always,
}

/// The people who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignInAllow {
    /// Whoever has a Telegram account.
    Everybody,
    /// Those with one of these numbers.
    These(Vec<PhoneNumber>),
}

impl SignInAllow {
    /// Whether the owner of `phone` may.
    pub(crate) fn allows(&self, phone: &PhoneNumber) -> bool {
        match self {
            Self::Everybody => true,
            Self::These(numbers) => numbers.contains(phone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::environment;
    use super::*;

    const KEY: &str = include_str!("../../../shared/telegram/src/mtproto/keys/test.pem");

    fn phone(number: &str) -> PhoneNumber {
        PhoneNumber::parse(number).unwrap()
    }

    #[test]
    fn the_servers_are_telegrams_or_given() {
        let dcs = |variables: &[(&str, &str)]| {
            environment(variables).telegram_servers().map(|servers| servers.dcs().collect::<Vec<_>>())
        };
        assert_eq!(dcs(&[("TELEGRAM_SERVERS", "production")]).unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(dcs(&[("TELEGRAM_SERVERS", "test")]).unwrap(), [1, 2, 3]);
        for key in [KEY, &KEY.replace('\n', "\\n")] {
            let custom = [
                ("TELEGRAM_SERVERS", "custom"),
                ("TELEGRAM_DCS", "7=127.0.0.1:1"),
                ("TELEGRAM_RSA_KEY", key),
            ];
            assert_eq!(dcs(&custom).unwrap(), [7]);
        }
    }

    #[test]
    fn servers_that_cannot_be_meant_are_named_by_their_variable() {
        for (variables, reason) in [
            (vec![], "TELEGRAM_SERVERS is not set"),
            (vec![("TELEGRAM_SERVERS", "mine")], "TELEGRAM_SERVERS must be production, test or custom"),
            (vec![("TELEGRAM_SERVERS", "custom")], "TELEGRAM_RSA_KEY is not set"),
            (vec![("TELEGRAM_SERVERS", "custom"), ("TELEGRAM_RSA_KEY", KEY)], "TELEGRAM_DCS is not set"),
            (
                vec![("TELEGRAM_SERVERS", "custom"), ("TELEGRAM_RSA_KEY", KEY), ("TELEGRAM_DCS", "hunter2")],
                "TELEGRAM_DCS must be a list of data centres like 1=192.0.2.1:443,2=192.0.2.2:443",
            ),
            (
                vec![
                    ("TELEGRAM_SERVERS", "custom"),
                    ("TELEGRAM_RSA_KEY", "hunter2"),
                    ("TELEGRAM_DCS", "1=127.0.0.1:1"),
                ],
                "TELEGRAM_RSA_KEY must be an RSA public key of 2048 bits in PEM",
            ),
        ] {
            assert_eq!(environment(&variables).telegram_servers().unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn those_may_sign_in_who_are_listed_however_they_are_spelt() {
        let allow = |text| environment(&[("SIGN_IN_ALLOW", text)]).sign_in_allow();
        let (listed, other) = (phone("+15551234567"), phone("+15551234568"));
        assert!(allow("*").unwrap().allows(&other));
        let one_of_two = allow("+1 (555) 123-4567, 0049 30 123456").unwrap();
        assert!(one_of_two.allows(&listed) && one_of_two.allows(&phone("+4930123456")));
        assert!(!one_of_two.allows(&other));
        for wrong in ["5551234567", "+15551234567,", "+15551234567 +4930123456", "*,+15551234567", "all"] {
            let reason = "SIGN_IN_ALLOW must be * or phone numbers like +15551234567, separated by commas";
            assert_eq!(allow(wrong).unwrap_err().to_string(), reason, "{wrong}");
        }
        assert_eq!(allow("").unwrap_err().to_string(), "SIGN_IN_ALLOW is not set");
    }

    #[test]
    fn who_may_sign_in_shows_no_number() {
        let allow = environment(&[("SIGN_IN_ALLOW", "+15551234567")]).sign_in_allow().unwrap();
        assert_eq!(format!("{allow:?}"), "These([PhoneNumber(..)])");
    }

    #[test]
    fn a_session_lives_for_as_long_as_a_browser_keeps_its_cookie() {
        let life = |days| environment(&[("SESSION_DAYS", days)]).session_life();
        assert_eq!(life("1").unwrap(), Duration::from_hours(24));
        assert_eq!(life("400").unwrap(), Duration::from_hours(9_600));
        for wrong in ["0", "401", "-1", "1.5", "x", "99999999999999999999"] {
            let reason = life(wrong).unwrap_err().to_string();
            assert_eq!(reason, "SESSION_DAYS must be whole days from 1 to 400", "{wrong}");
        }
    }

    #[test]
    fn the_switches_take_the_words_they_know() {
        let with = |name, value| environment(&[(name, value)]);
        assert!(with("QR_LOGIN", "on").qr_login().unwrap());
        assert!(!with("QR_LOGIN", "off").qr_login().unwrap());
        let error = with("QR_LOGIN", "yes").qr_login().unwrap_err().to_string();
        assert_eq!(error, "QR_LOGIN must be on or off");
        assert_eq!(with("SESSION_COOKIE", "lax").session_cookie().unwrap(), CookieRules::Lax);
        let error = with("SESSION_COOKIE", "secure").session_cookie().unwrap_err().to_string();
        assert_eq!(error, "SESSION_COOKIE must be strict, lax, none, partitioned or insecure");
        assert_eq!(with("CODES_PER_DAY", "0").codes_per_day().unwrap(), 0);
    }

    #[test]
    fn streams_are_counted_and_leased_as_is_said() {
        let with = |name, value| environment(&[(name, value)]);
        assert_eq!(with("STREAMS_PER_SESSION", "8").streams_per_session().unwrap(), 8);
        for wrong in ["0", "101", "-1", "many"] {
            let reason = with("STREAMS_PER_SESSION", wrong).streams_per_session().unwrap_err().to_string();
            assert_eq!(reason, "STREAMS_PER_SESSION must be a whole number from 1 to 100", "{wrong}");
        }
        assert_eq!(with("MEDIA_LEASE", "auto").media_lease().unwrap(), MediaLease::Auto);
        assert_eq!(with("MEDIA_LEASE", "always").media_lease().unwrap(), MediaLease::Always);
        let reason = with("MEDIA_LEASE", "never").media_lease().unwrap_err().to_string();
        assert_eq!(reason, "MEDIA_LEASE must be auto or always");
    }

    #[test]
    fn an_applications_number_is_above_zero() {
        let api_id = |text| environment(&[("TELEGRAM_API_ID", text)]).telegram_api_id();
        assert_eq!(api_id("17349").unwrap(), 17349);
        for wrong in ["0", "-1", "hunter2", "2147483648"] {
            let reason = "TELEGRAM_API_ID must be the api_id that my.telegram.org gives";
            assert_eq!(api_id(wrong).unwrap_err().to_string(), reason, "{wrong}");
        }
    }
}
