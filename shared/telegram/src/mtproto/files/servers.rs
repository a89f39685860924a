//! Where data centres hand out files.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use grammers_client::tl::{enums, functions, types};
use lambdagram_domain::session::MediaServers;
use lambdagram_domain::time::UnixTime;

use crate::mtproto::{Link, TelegramError, clock};

/// How long addresses are good for at least, whatever Telegram says: it says an hour (core.telegram.org/api/config).
const SHORTEST_LIFE: Duration = Duration::from_mins(5);

/// And at most.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// Asks for the addresses that data centres have for files alone. They are in the session afterwards.
///
/// # Errors
///
/// [`TelegramError`].
pub async fn media_servers(link: &mut Link<'_>) -> Result<(), TelegramError> {
    let config = link.invoke(&functions::help::GetConfig {}).await?;
    link.session_mut().media = servers_of(config);
    Ok(())
}

/// Reads an answer to `help.getConfig`.
pub(in crate::mtproto) fn servers_of(config: enums::Config) -> MediaServers {
    let enums::Config::Config(config) = config;
    let life = i64::from(config.expires) - i64::from(config.date);
    let life = Duration::from_secs(u64::try_from(life).unwrap_or(0)).clamp(SHORTEST_LIFE, LONGEST_LIFE);
    let mut addresses = BTreeMap::new();
    for enums::DcOption::Option(option) in config.dc_options {
        if let Some(address) = media_address(&option) {
            addresses.entry(option.id).or_insert(address);
        }
    }
    MediaServers { addresses, good_until: UnixTime(clock::now().as_secs()).plus(life) }
}

/// The address, if files are all it is for and it is spoken to without further disguise.
fn media_address(option: &types::DcOption) -> Option<SocketAddr> {
    let usable =
        option.media_only && !option.ipv6 && !option.cdn && !option.tcpo_only && option.secret.is_none();
    let ip: IpAddr = option.ip_address.parse().ok().filter(|_| usable)?;
    let port = u16::try_from(option.port).ok().filter(|port| *port > 0)?;
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests;
