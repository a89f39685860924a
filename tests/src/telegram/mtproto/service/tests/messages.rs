//! What is in the chats, and how it comes in pages.

use super::super::super::accounts::MANY_PHONE;
use super::super::super::people::saved::SavedMessage;
use super::super::super::people::sending::Sent;
use super::*;

fn history(offset_id: i32, add_offset: i32, limit: i32) -> functions::messages::GetHistory {
    functions::messages::GetHistory {
        peer: enums::InputPeer::PeerSelf,
        offset_id,
        offset_date: 0,
        add_offset,
        limit,
        max_id: 0,
        min_id: 0,
        hash: 0,
    }
}

fn search(filter: enums::MessagesFilter, q: &str) -> functions::messages::Search {
    functions::messages::Search {
        peer: enums::InputPeer::PeerSelf,
        q: q.to_owned(),
        from_id: None,
        saved_peer_id: None,
        saved_reaction: None,
        top_msg_id: None,
        filter,
        min_date: 0,
        max_date: 0,
        offset_id: 0,
        add_offset: 0,
        limit: 100,
        max_id: 0,
        min_id: 0,
        hash: 0,
    }
}

/// The messages of an answer, and how many there are of them in all.
fn parts(answer: enums::messages::Messages) -> (Vec<types::Message>, usize) {
    let (messages, count) = match answer {
        enums::messages::Messages::Messages(all) => {
            let count = all.messages.len();
            (all.messages, count)
        }
        enums::messages::Messages::Slice(slice) => (slice.messages, usize::try_from(slice.count).unwrap()),
        _ => panic!("chats have no other answers"),
    };
    let only = |message| match message {
        enums::Message::Message(message) => message,
        _ => panic!("lists have no empty messages"),
    };
    (messages.into_iter().map(only).collect(), count)
}

fn ids(answer: enums::messages::Messages) -> Vec<i32> {
    parts(answer).0.iter().map(|message| message.id).collect()
}

/// A sim whose second account is logged in, and the ids of its messages, the newest first.
async fn many() -> (Sim, Client, Vec<i32>) {
    let sim = Sim::start();
    let client = sim.client(2);
    sim.sign_in(&client, MANY_PHONE).await.unwrap();
    let saved = sim.saved(MANY_PHONE);
    let ids = saved.iter().map(|message| message.id).collect();
    (sim, client, ids)
}

impl Sim {
    pub(super) fn saved(&self, phone: &str) -> Vec<SavedMessage> {
        self.people().saved_messages(&number(phone)).unwrap()
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_whatever_their_size() {
    let (sim, client, all) = many().await;
    let media = sim.saved(MANY_PHONE).iter().filter(|message| message.file.is_some()).count();
    assert_eq!((all.len(), media), (1320, 1200));
    assert!(all.is_sorted_by(|a, b| a > b));
    for limit in [100, 37] {
        let mut seen = Vec::new();
        loop {
            let offset_id = seen.last().copied().unwrap_or_default();
            let (page, count) = parts(client.call(&history(offset_id, 0, limit)).await.unwrap());
            assert_eq!(count, all.len());
            if page.is_empty() {
                break;
            }
            seen.extend(page.iter().map(|message| message.id));
        }
        assert_eq!(seen, all, "{limit}");
    }
}

#[tokio::test]
async fn offsets_move_the_page_and_bounds_cut_it_afterwards() {
    let (_sim, client, all) = many().await;
    let page = async |request| ids(client.call(&request).await.unwrap());
    assert_eq!(page(history(0, 300, 50)).await, all[300..350]);
    assert_eq!(page(history(all[100], 0, 3)).await, all[101..104]);
    // An id between messages stands for the place where it would be.
    let (position, gap) = all.windows(2).enumerate().find(|(_, pair)| pair[0] - pair[1] > 1).unwrap();
    assert_eq!(page(history(gap[0] - 1, 0, 2)).await, all[position + 1..position + 3]);
    // Newer ones come with a negative offset, the one that is named among them.
    assert_eq!(page(history(all[100], -5, 5)).await, all[96..101]);
    assert_eq!(page(history(all[100], -5, 10)).await, all[96..106]);
    assert_eq!(page(history(all[2], -10, 12)).await, all[..5]);
    assert_eq!(page(history(0, 1315, 100)).await, all[1315..]);
    assert_eq!(page(history(0, 5000, 100)).await, [0; 0]);
    assert_eq!(page(history(0, 0, 0)).await, all[..20]);
    assert_eq!(page(history(0, 0, 500)).await, all[..100]);
    let bounded = functions::messages::GetHistory { max_id: all[2], min_id: all[8], ..history(0, 0, 10) };
    assert_eq!(page(bounded).await, all[3..8]);
    assert_refused(client.call(&history(0, 0, -1)).await, "LIMIT_INVALID");
}

#[tokio::test]
async fn a_date_stands_for_the_messages_before_it() {
    let (sim, client, _) = many().await;
    let saved = sim.saved(MANY_PHONE);
    let offset_date = i32::try_from(saved[40].date).unwrap();
    let request = functions::messages::GetHistory { offset_date, ..history(0, 0, 1) };
    let older = saved.iter().find(|message| message.date < saved[40].date).unwrap();
    assert_eq!(ids(client.call(&request).await.unwrap()), [older.id]);
}

#[tokio::test]
async fn a_page_in_the_middle_tells_where_it_is() {
    let (_sim, client, all) = many().await;
    let enums::messages::Messages::Slice(slice) = client.call(&history(all[100], 0, 3)).await.unwrap() else {
        panic!("it is a part")
    };
    assert_eq!((slice.count, slice.offset_id_offset), (1320, Some(101)));
}

#[tokio::test]
async fn each_filter_finds_its_kind_and_counts_it() {
    use enums::MessagesFilter;

    let sim = Sim::start();
    let client = sim.signed_in().await;
    let saved = sim.saved(FIRST_PHONE);
    let of = |kinds: &[&str]| -> Vec<i32> {
        let is = |message: &&SavedMessage| {
            let sticker = message.file.as_ref().is_some_and(|file| kinds.contains(&file.kind));
            sticker || (kinds.contains(&"link") && message.text.contains("https://"))
        };
        saved.iter().filter(is).map(|message| message.id).collect()
    };
    let cases = [
        (MessagesFilter::InputMessagesFilterPhotos, of(&["photo"])),
        (MessagesFilter::InputMessagesFilterVideo, of(&["video"])),
        (MessagesFilter::InputMessagesFilterPhotoVideo, of(&["photo", "video"])),
        (MessagesFilter::InputMessagesFilterDocument, of(&["document"])),
        (MessagesFilter::InputMessagesFilterVoice, of(&["voice"])),
        (MessagesFilter::InputMessagesFilterMusic, of(&["audio"])),
        (MessagesFilter::InputMessagesFilterGif, of(&["animation"])),
        (MessagesFilter::InputMessagesFilterRoundVideo, of(&["video_note"])),
        (MessagesFilter::InputMessagesFilterRoundVoice, of(&["video_note", "voice"])),
        (MessagesFilter::InputMessagesFilterUrl, of(&["link"])),
        (MessagesFilter::InputMessagesFilterEmpty, saved.iter().map(|message| message.id).collect()),
    ];
    let filters =
        cases.iter().map(|(filter, _)| filter.clone()).chain([MessagesFilter::InputMessagesFilterGeo]);
    let counters = functions::messages::GetSearchCounters {
        peer: enums::InputPeer::PeerSelf,
        saved_peer_id: None,
        top_msg_id: None,
        filters: filters.collect(),
    };
    let counted = client.call(&counters).await.unwrap();
    let counted: Vec<_> = counted
        .into_iter()
        .map(|enums::messages::SearchCounter::Counter(it)| (it.filter, it.count))
        .collect();
    assert_eq!(counted.last().unwrap().1, 0);
    for ((filter, expected), (counted, count)) in cases.into_iter().zip(counted) {
        assert!(!expected.is_empty(), "{filter:?}");
        assert_eq!(counted, filter);
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
        assert_eq!(ids(client.call(&search(filter.clone(), "")).await.unwrap()), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn words_are_found_in_any_case_and_results_come_in_pages() {
    let (_sim, client, _) = many().await;
    let photos = enums::MessagesFilter::InputMessagesFilterPhotos;
    let first = functions::messages::Search { limit: 90, ..search(photos, "PHOTO") };
    let (page, count) = parts(client.call(&first).await.unwrap());
    assert_eq!((page.len(), count), (90, 240));
    assert!(page.iter().all(|message| message.message.starts_with("Photo ")));
    let next = functions::messages::Search { offset_id: page[89].id, ..first.clone() };
    let (next, _) = parts(client.call(&next).await.unwrap());
    assert!(next[0].id < page[89].id);
    let (min_date, max_date) = (page[10].date, page[5].date);
    let (between, count) =
        parts(client.call(&functions::messages::Search { min_date, max_date, ..first }).await.unwrap());
    let between: Vec<_> = between.iter().map(|message| message.id).collect();
    assert_eq!(between, page[6..10].iter().map(|message| message.id).collect::<Vec<_>>());
    assert_eq!(count, 4);
    let none = search(enums::MessagesFilter::InputMessagesFilterEmpty, "nobody wrote this");
    assert_eq!(ids(client.call(&none).await.unwrap()), [0; 0]);
}

#[tokio::test]
async fn messages_are_found_by_id_in_every_chat_and_deleted_ones_are_empty() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let first = number(FIRST_PHONE);
    let saved = sim.saved(FIRST_PHONE)[0].id;
    let elsewhere = sim.people().messages_elsewhere(&first).unwrap();
    let deleted = sim.people().deleted_messages(&first).unwrap();
    let (outside, deleted) = (elsewhere[1], deleted[0]);
    let asked = [outside, saved, deleted, 0, -1, i32::MAX];
    let id = asked.map(|id| types::InputMessageId { id }.into()).to_vec();
    let enums::messages::Messages::Messages(found) =
        client.call(&functions::messages::GetMessages { id }).await.unwrap()
    else {
        panic!("all of them are answered")
    };
    let peers = found.messages.iter().map(|message| match message {
        enums::Message::Message(it) => Some((it.id, it.peer_id.clone(), it.media.is_some())),
        enums::Message::Empty(_) => None,
        enums::Message::Service(_) => panic!("there are no service messages"),
    });
    let peer = |user_id| enums::Peer::from(types::PeerUser { user_id });
    let me = client.me().await.unwrap().id;
    let expected =
        [Some((outside, peer(777_000), true)), Some((saved, peer(me), true)), None, None, None, None];
    assert_eq!(peers.collect::<Vec<_>>(), expected);
    assert_eq!(found.users.len(), 2);
    let many = vec![types::InputMessageId { id: 1 }.into(); 101];
    assert_refused(client.call(&functions::messages::GetMessages { id: many }).await, "LIMIT_INVALID");
}

#[tokio::test]
async fn only_chats_that_exist_are_listed_and_only_for_their_owner() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let me = client.me().await.unwrap();
    let of = |peer| functions::messages::GetHistory { peer, ..history(0, 0, 100) };
    let user = |user_id, access_hash| types::InputPeerUser { user_id, access_hash }.into();
    let saved = client.call(&of(user(me.id, 0))).await.unwrap();
    assert_eq!(ids(saved).len(), sim.saved(FIRST_PHONE).len());
    for peer in [user(777_000, 1), user(5, 5), enums::InputPeer::Empty] {
        assert_refused(client.call(&of(peer)).await, "PEER_ID_INVALID");
    }
    assert_refused(sim.client(2).call(&history(0, 0, 1)).await, "AUTH_KEY_UNREGISTERED");
    let other = sim.client(2);
    sim.account("+15550000001", |_| {});
    sim.sign_in(&other, "+15550000001").await.unwrap();
    assert_eq!(ids(other.call(&history(0, 0, 100)).await.unwrap()), [0; 0]);
}

#[tokio::test]
async fn ids_go_on_after_a_deletion_and_a_restart() {
    let sim = Sim::start();
    let first = number(FIRST_PHONE);
    let one = sim.people().save_text(&first, "one").unwrap();
    assert!(sim.people().delete_message(&first, one).unwrap());
    assert!(!sim.people().delete_message(&first, one).unwrap());
    let sim = sim.restart();
    let before = sim.saved(FIRST_PHONE);
    let sent = Sent { name: Some("a.bin".to_owned()), ..Sent::default() };
    let two = sim.people().save_noise(&first, 9, 1, sent).unwrap();
    assert_eq!(two, one + 1);
    assert_eq!(sim.saved(FIRST_PHONE)[1..], before);
    sim.services.reset().unwrap();
    assert_eq!(sim.saved(FIRST_PHONE).len(), before.len());
}

#[tokio::test]
async fn the_first_account_holds_something_of_everything() {
    let sim = Sim::start();
    let client = sim.signed_in().await;
    let (messages, _) = parts(client.call(&history(0, 0, 100)).await.unwrap());
    let letters = |sizes: &[enums::PhotoSize]| -> String {
        let letter = |size: &enums::PhotoSize| match size {
            enums::PhotoSize::Empty(it) => it.r#type.clone(),
            enums::PhotoSize::Size(it) => it.r#type.clone(),
            enums::PhotoSize::PhotoCachedSize(it) => format!("{}=", it.r#type),
            enums::PhotoSize::PhotoStrippedSize(it) => format!("{}<", it.r#type),
            enums::PhotoSize::Progressive(it) => format!("{}{}", it.r#type, it.sizes.len()),
            enums::PhotoSize::PhotoPathSize(it) => format!("{}~", it.r#type),
        };
        sizes.iter().map(letter).collect()
    };
    let mut kinds: Vec<String> = messages
        .iter()
        .map(|message| match &message.media {
            Some(enums::MessageMedia::Photo(types::MessageMediaPhoto {
                photo: Some(enums::Photo::Photo(photo)),
                ..
            })) => format!("photo {}", letters(&photo.sizes)),
            Some(enums::MessageMedia::Document(types::MessageMediaDocument {
                document: Some(enums::Document::Document(document)),
                ..
            })) => {
                format!("{} {}", document.mime_type, letters(document.thumbs.as_deref().unwrap_or_default()))
            }
            Some(enums::MessageMedia::WebPage(_)) => "page".to_owned(),
            Some(_) => panic!("no other media exist"),
            None => format!("text {}", message.fwd_from.is_some()),
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    let expected = [
        "application/octet-stream ",
        "application/pdf ",
        "audio/mpeg ",
        "audio/ogg ",
        "image/jpeg i<m",
        "image/webp j~m",
        "page",
        "photo i<m=xy5",
        "photo i<mxy5",
        "text false",
        "text true",
        "video/mp4 ",
        "video/mp4 i<m",
        "video/webm ",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(messages.iter().filter(|message| message.grouped_id.is_some()).count(), 3);
    assert!(messages.iter().all(|message| message.out && message.saved_peer_id.is_some()));
    let link = messages.iter().find(|message| message.entities.is_some()).unwrap();
    assert_eq!(link.message, "To read later: https://example.com/fractals");
}
