//! `updates.*`: where one is in the stream of updates. Nothing happens in it yet.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::{Answered, Call, Me, refused};

/// Where every account's stream begins.
const FIRST_PTS: i32 = 1;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::updates::GetState::CONSTRUCTOR_ID => call.signed_in(get_state),
        functions::updates::GetDifference::CONSTRUCTOR_ID => call.signed_in(get_difference),
        _ => return None,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every method has the same shape")]
fn get_state(call: &Call<'_>, _: &Me, _: &functions::updates::GetState) -> Answered<enums::updates::State> {
    let state = types::updates::State { pts: FIRST_PTS, qts: 0, date: call.date(), seq: 1, unread_count: 0 };
    Ok(state.into())
}

fn get_difference(
    call: &Call<'_>,
    _: &Me,
    request: &functions::updates::GetDifference,
) -> Answered<enums::updates::Difference> {
    if request.pts < 1 {
        return Err(refused("PERSISTENT_TIMESTAMP_EMPTY"));
    }
    if request.pts > FIRST_PTS {
        return Err(refused("PERSISTENT_TIMESTAMP_INVALID"));
    }
    Ok(types::updates::DifferenceEmpty { date: call.date(), seq: 1 }.into())
}
