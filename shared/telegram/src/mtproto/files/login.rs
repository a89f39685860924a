//! A login in a further data centre.

use std::net::SocketAddr;

use grammers_client::tl::{Serializable, enums, functions};
use lambdagram_domain::session::{AuthKey, DcKey};

use crate::mtproto::connection::Opening;
use crate::mtproto::introduction::introduce;
use crate::mtproto::link::{CALL, CONNECT};
use crate::mtproto::{Link, TelegramError};

/// Where the copy is made.
#[derive(Clone, Copy)]
struct Target {
    dc: i32,
    address: SocketAddr,
    /// The data centre's number as the handshake names it.
    handshake_dc: i32,
}

/// Copies the login to another data centre, so that files can be fetched there (core.telegram.org/api/datacenter): the
/// link tells what proves it, and a connection of its own, closed again when this returns, hands it in. The key with
/// that data centre is in the session afterwards; one that is there already is used, unless the data centre has
/// forgotten it.
///
/// Where the session knows no address of the data centre for files alone, the link is closed first, as two main connections of one login
/// must not be open at a time.
///
/// # Errors
///
/// [`TelegramError`]. [`TelegramError::Protocol`] for the account's own data centre, and for one that is not known. A key
/// that was made is in the session in any case.
pub async fn copy_login(link: &mut Link<'_>, dc: i32) -> Result<(), TelegramError> {
    if link.session().home_dc == dc {
        return Err(TelegramError::Protocol("the login lives in that data centre"));
    }
    let servers = link.telegram().servers();
    let for_files = link.session().media.addresses.get(&dc).copied();
    let target = if let Some(address) = for_files {
        Target { dc, address, handshake_dc: servers.media_handshake_dc(dc) }
    } else {
        let address = servers.address(dc).ok_or(TelegramError::Protocol("the data centre is not known"))?;
        Target { dc, address, handshake_dc: servers.handshake_dc(dc) }
    };
    let enums::auth::ExportedAuthorization::Authorization(exported) =
        link.invoke(&functions::auth::ExportAuthorization { dc_id: dc }).await?;
    if for_files.is_none() {
        link.disconnect().await;
    }
    let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes }.to_bytes();
    let result = hand_in(link, target, &import).await;
    if matches!(result, Err(TelegramError::Dead(_))) && link.session_mut().keys.remove(&dc).is_some() {
        return hand_in(link, target, &import).await;
    }
    result
}

/// Calls once over a connection of its own.
async fn hand_in(link: &mut Link<'_>, target: Target, import: &[u8]) -> Result<(), TelegramError> {
    let mut opening = Opening::connect(target.address, link.until(CONNECT)).await?;
    let (known, time_offset) = if let Some(known) = link.session().keys.get(&target.dc) {
        (known.clone(), 0)
    } else {
        let servers = link.telegram().servers();
        let agreed = opening.make_key(servers.keys(), target.handshake_dc, link.until(CALL)).await?;
        let made = DcKey { key: AuthKey::new(agreed.key), salt: agreed.salt };
        link.session_mut().keys.insert(target.dc, made.clone());
        (made, agreed.time_offset)
    };
    let connection = opening.into_connection(&known.key, known.salt, time_offset)?;
    let result = connection.invoke(introduce(link.app(), import), link.until(CALL)).await;
    if let Some(known) = link.session_mut().keys.get_mut(&target.dc) {
        known.salt = connection.salt();
    }
    connection.close().await;
    result.map(drop)
}
