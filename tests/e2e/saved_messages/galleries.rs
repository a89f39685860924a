//! Fifty thumbnails at once, as a page of pictures asks for them: all come, and one request finds out for all.

use futures_util::future::join_all;
use lambdagram_tests::telegram::mtproto::people::saved::SavedMessage;
use serde_json::json;

use super::begun::{Begun, CROWD, LONG};
use super::streams::Fetched;
use super::{MANY_PHONE, noise, read_all};
use crate::account::Browser;
use crate::support::TestStack;

const GALLERY: usize = 50;

/// The newest photos in one of these data centres.
fn photos(stack: &TestStack, dcs: &[i32]) -> Vec<i32> {
    let wanted = |message: &SavedMessage| {
        message.file.as_ref().is_some_and(|file| file.kind == "photo" && dcs.contains(&file.dc))
    };
    let files = stack.saved_files(MANY_PHONE).into_iter().filter(wanted);
    files.map(|message| message.id).take(GALLERY).collect()
}

async fn thumbnails(browser: &Browser<'_>, ids: &[i32]) -> Vec<Fetched> {
    let paths = ids.iter().map(|id| format!("/stream_thumbnail/{id}"));
    join_all(paths.map(async |path| browser.fetch_when_free(&path, &[]).await)).await
}

fn all_are_pictures(fetched: &[Fetched]) {
    assert!(!fetched.is_empty());
    for fetched in fetched {
        assert_eq!(fetched.status, 200, "{}", String::from_utf8_lossy(&fetched.bytes));
        let picture = image::load_from_memory(&fetched.bytes).unwrap();
        assert_eq!(picture.width().max(picture.height()), 320);
    }
}

/// How often the session was written: once by every request that found something out.
async fn writes(stack: &TestStack) -> u64 {
    let rows = stack.sessions().await;
    let row = rows.iter().find(|row| row["kind"].as_s().unwrap() == "account").unwrap();
    row["version"].as_n().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gallery_that_was_listed_asks_for_the_chat_no_more() {
    let _crowd = CROWD.lock().await;
    let stack = TestStack::start().await;
    for dcs in [&[2][..], &[1], &[1, 2]] {
        let mut browser = Browser::signed_in(&stack, MANY_PHONE).await;
        browser.list("?limit=500&type=photo").await;
        let before = writes(&stack).await;
        // Whoever asked for the chat would get nothing.
        stack
            .fault(json!({"method": "messages.getHistory", "error": "PEER_ID_INVALID", "times": 1000}))
            .await;
        let ids = photos(&stack, dcs);
        all_are_pictures(&thumbnails(&browser, &ids).await);
        let faults = stack.stack.simulated().unwrap().faults();
        assert_eq!(faults.hits("messages.getHistory"), 0, "{dcs:?}");
        faults.clear();
        // The addresses of servers came with the list; a login in another data centre is copied once.
        let foreign = u64::from(dcs.contains(&1));
        assert!(writes(&stack).await - before <= 1 + foreign, "{dcs:?}");
        browser.post("/logout", &json!({})).await;
    }
    stack.end_accounts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gallery_that_was_not_listed_is_looked_at_once_for_each_part_of_the_chat() {
    let _crowd = CROWD.lock().await;
    let stack = TestStack::start().await;
    // Those of the other data centre alone lie far apart: fifty would need ten looks, for which nobody waits.
    for (dcs, count) in [(&[1, 2][..], GALLERY), (&[2], GALLERY), (&[1], 15)] {
        let mut browser = Browser::signed_in(&stack, MANY_PHONE).await;
        let mut ids = photos(&stack, dcs);
        assert_eq!(ids.len(), GALLERY);
        ids.truncate(count);
        let before = writes(&stack).await;
        all_are_pictures(&thumbnails(&browser, &ids).await);
        // A look brings fifty messages on either side: about as many looks as there are parts of that width, each of
        // which may be asked for from its edge.
        let all: Vec<_> = stack.saved_messages(MANY_PHONE).into_iter().map(|message| message.id).collect();
        let at = |id: &i32| all.iter().position(|of_all| of_all == id).unwrap();
        let span = at(ids.last().unwrap()) - at(ids.first().unwrap());
        let most = span.div_ceil(50) as u64 + 1;
        let looks = writes(&stack).await - before;
        assert!((1..=most).contains(&looks), "{dcs:?}: {looks} looks at {span} messages");
        // And again, now that all is known.
        let before = writes(&stack).await;
        all_are_pictures(&thumbnails(&browser, &ids).await);
        assert_eq!(writes(&stack).await, before, "{dcs:?}");
        browser.post("/logout", &json!({})).await;
    }
    stack.end_accounts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gallery_is_seen_while_a_video_plays() {
    let _crowd = CROWD.lock().await;
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, MANY_PHONE).await;
    let video = noise(&stack, MANY_PHONE, LONG, 1);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, video).await;
    let ids = photos(&stack, &[1, 2]);
    let ((bytes, is_whole), fetched) = tokio::join!(begun.rest(), thumbnails(&browser, &ids));
    all_are_pictures(&fetched);
    assert!(is_whole && bytes == read_all(&stack, MANY_PHONE, video));
    stack.end_accounts().await;
}
