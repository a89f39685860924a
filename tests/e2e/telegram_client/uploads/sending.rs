//! Files are sent as they are.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use lambdagram_domain::upload::{Checkpoint, Content, Look, SendAs, Step};
use lambdagram_telegram::mtproto::uploads::Place;

use super::support::{HOME_DC, PART, Sender, Sent, finish, phone};

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn files_of_any_size_arrive_byte_for_byte_over_an_address_for_files() {
    let mut sender = Sender::open().await;
    let mut parts = 0;
    for size in [1, PART - 1, PART, PART + 1, 10 * MIB, 10 * MIB + 1, 30 * MIB] {
        let file = Sent::noise(size);
        let mut uploader = sender.uploader(&file, Checkpoint::start(), 8);
        let at = finish(&mut uploader).await.unwrap();
        uploader.close().await;
        assert_eq!(at.parts, file.plan().parts());
        let id = sender.send(&file, at).await.unwrap();
        sender.check(&file, id);
        parts += u64::from(at.parts);
        assert_eq!(sender.parts(), (0, parts), "{size}");
        let offsets: Vec<u64> = (0..u64::from(at.parts)).map(|number| number * PART).collect();
        assert_eq!(*file.reads.lock().unwrap(), offsets, "each part is read once");
    }
    assert_eq!(sender.pool.idle(), 1);
}

#[tokio::test]
async fn where_there_is_no_address_for_files_parts_go_over_the_main_one_and_it_is_closed_then() {
    let mut sender = Sender::open().await;
    let dcs = sender.cloud.cloud.cluster().addresses();
    let main = dcs.iter().find(|it| it.dc == HOME_DC && !it.media).unwrap().address;
    let destination = Place { address: main, keep: false, ..sender.destination() };
    for _ in 0..2 {
        let file = Sent::noise(3 * PART + 5);
        let mut uploader = sender.uploader_to(destination.clone(), &file, Checkpoint::start(), 2);
        let at = finish(&mut uploader).await.unwrap();
        uploader.close().await;
        let id = sender.send(&file, at).await.unwrap();
        sender.check(&file, id);
    }
    assert_eq!((sender.parts(), sender.pool.idle()), ((8, 0), 0));
}

#[tokio::test]
async fn a_picture_is_a_photo_and_as_a_document_it_is_a_file() {
    let mut sender = Sender::open().await;
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(300, 200, |x, _| Rgb([if x < 150 { 255 } else { 0 }, 90, 20]))
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    for (send_as, kind, name) in
        [(SendAs::Auto, "photo", None), (SendAs::Document, "document", Some("п.png"))]
    {
        let file = Sent::of(bytes.get_ref().clone());
        let content = look(&file, "п.png").sent_as(send_as).unwrap();
        let mut uploader = sender.uploader(&file, Checkpoint::start(), 1);
        let at = finish(&mut uploader).await.unwrap();
        let id = sender.send_as(&content, &file, at).await.unwrap();
        sender.check(&file, id);
        let messages = sender.cloud.cloud.people().saved_messages(&phone()).unwrap();
        let message = messages.into_iter().find(|message| message.id == id.get()).unwrap();
        let stored = message.file.unwrap();
        assert_eq!((stored.kind, stored.name.as_deref()), (kind, name));
        assert_eq!(message.text, "A caption");
        if send_as == SendAs::Auto {
            assert_eq!(stored.dimensions, Some((300, 200)));
        }
    }
}

fn look(file: &Sent, name: &str) -> Content {
    let mut look = Look::new(file.bytes.len() as u64, Some(name), None);
    loop {
        match look.step() {
            Step::Done(content) => return content,
            Step::Read(range) => {
                let bytes = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
                look.take(range.start, &file.bytes[bytes]);
            }
        }
    }
}
