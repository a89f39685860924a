//! The list as many answers: nothing is missed and nothing comes twice, whatever happens between two of them.

use serde_json::json;

use super::{MANY_PHONE, ids, ids_of};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

#[tokio::test]
async fn parts_of_any_size_are_the_whole_list_together() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, MANY_PHONE).await;
    let files = ids_of(&stack.saved_files(MANY_PHONE));
    assert_eq!(files.len(), 1_200);
    for limit in [61, 99, 100, 101, 198, 199, 499, 500] {
        let (items, parts) = browser.list_all(&format!("?limit={limit}")).await;
        assert!(ids(&items) == files, "limit {limit}: {} items", items.len());
        assert_eq!(parts, files.len().div_ceil(limit), "limit {limit}");
    }
    let (items, parts) = browser.list_all("").await;
    assert!((ids(&items) == files, parts) == (true, 12), "100 are the usual limit");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_list_goes_on_below_any_message_there_was() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let files = ids_of(&stack.saved_files(PHONE));
    let newest = stack.saved_messages(PHONE)[0].id;
    for before in 1..=newest + 1 {
        let older: Vec<_> = files.iter().copied().filter(|id| *id < before).take(2).collect();
        let answered = browser.list(&format!("?limit=2&before={before}")).await;
        assert_eq!(ids(answered.body.as_array().unwrap()), older, "before {before}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_comes_and_goes_between_two_parts_moves_nothing_else() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, MANY_PHONE).await;
    let files = ids_of(&stack.saved_files(MANY_PHONE));
    let first = browser.list("?limit=50").await;
    let mut read = ids(first.body.as_array().unwrap());
    // One that was told, the last that was told, and one that was not; and new ones.
    for gone in [files[3], files[49], files[60]] {
        stack.delete_saved(MANY_PHONE, gone);
    }
    stack.save_text(MANY_PHONE, "meanwhile");
    let sent = stack.save_file(MANY_PHONE, "meanwhile.txt", b"hello".to_vec()).await;
    let (rest, _) = browser.list_all(&first.next().unwrap()).await;
    read.extend(ids(&rest));
    let expected: Vec<_> = files.iter().copied().filter(|id| *id != files[60]).collect();
    assert!(read == expected);
    let again = browser.list("?limit=1").await;
    assert_eq!(again.body[0]["id"], sent);
    assert_eq!((&again.body[0]["name"], &again.body[0]["size"]), (&json!("meanwhile.txt"), &json!(5)));
    stack.end_accounts().await;
}

#[tokio::test]
async fn texts_between_files_are_passed_over_however_many_there_are() {
    let stack = TestStack::start().await;
    let phone = "+15557654321";
    stack.account(&json!({"phone": phone, "first_name": "Grace"})).await;
    let mut browser = Browser::signed_in(&stack, phone).await;
    let oldest = stack.save_file(phone, "oldest.txt", b"1".to_vec()).await;
    for number in 0..1_500 {
        stack.save_text(phone, &format!("Note {number}"));
    }
    let newest = stack.save_file(phone, "newest.txt", b"2".to_vec()).await;
    let (items, _) = browser.list_all("?limit=1").await;
    assert_eq!(ids(&items), [newest, oldest]);
    let answered = browser.list("?limit=2").await;
    assert_eq!(ids(answered.body.as_array().unwrap()), [newest, oldest]);
    stack.end_accounts().await;
}
