//! `users.*`: who one is, and who others are.

use grammers_tl_types::{Identifiable, Serializable, enums, functions, types};

use super::super::accounts::Account;
use super::answers::{blank, own_user, user};
use super::{Answered, Call, Me, refused};

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::users::GetUsers::CONSTRUCTOR_ID => call.signed_in(get_users),
        functions::users::GetFullUser::CONSTRUCTOR_ID => call.signed_in(get_full_user),
        _ => return None,
    })
}

fn get_users(call: &Call<'_>, me: &Me, request: &functions::users::GetUsers) -> Answered<Vec<enums::User>> {
    let mut users = Vec::new();
    for id in &request.id {
        let found = find(call, me, id)?;
        users.push(if found.id == me.account.id { own_user(&found) } else { user(&found) });
    }
    Ok(users)
}

/// Only of oneself.
fn get_full_user(
    call: &Call<'_>,
    me: &Me,
    request: &functions::users::GetFullUser,
) -> Answered<enums::users::UserFull> {
    if find(call, me, &request.id)?.id != me.account.id {
        return Err(refused("USER_ID_INVALID"));
    }
    Ok(types::users::UserFull {
        full_user: full(&me.account).into(),
        chats: Vec::new(),
        users: vec![own_user(&me.account)],
    }
    .into())
}

/// Others are found with the access hash that came with them.
fn find(call: &Call<'_>, me: &Me, id: &enums::InputUser) -> Answered<Account> {
    match id {
        enums::InputUser::UserSelf => Ok(me.account.clone()),
        enums::InputUser::User(other) if other.user_id == me.account.id => Ok(me.account.clone()),
        enums::InputUser::User(other) => {
            let found = Account::of_user(call.store, other.user_id)?;
            let found = found.filter(|account| account.access_hash == other.access_hash);
            found.ok_or_else(|| refused("USER_ID_INVALID"))
        }
        _ => Err(refused("USER_ID_INVALID")),
    }
}

fn full(account: &Account) -> types::UserFull {
    use grammers_tl_types::Deserializable as _;

    let settings: enums::PeerSettings = blank::<types::PeerSettings>().into();
    let notify_settings: enums::PeerNotifySettings = blank::<types::PeerNotifySettings>().into();
    // Two fields of it are boxed, so zeros alone are none.
    let mut bytes = vec![0; 8];
    account.id.serialize(&mut bytes);
    settings.serialize(&mut bytes);
    notify_settings.serialize(&mut bytes);
    0_i32.serialize(&mut bytes);
    types::UserFull::from_bytes(&bytes).expect("it was written field by field")
}
