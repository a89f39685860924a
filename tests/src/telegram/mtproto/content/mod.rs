//! What accounts hold from the start. It comes into being when somebody first looks at it, so that no stack starts
//! later for it.

mod many;
mod varied;

use std::sync::LazyLock;

use rusqlite::Result;
use serde::{Deserialize, Serialize};

use super::accounts::{Account, FIRST_PHONE, MANY_PHONE};
use super::files::bytes::Bytes;
use super::files::make::prefixes;
use super::files::{Document, File, Form, Kind, Shape, Size};
use super::history::{Draft, Media, Message};
use super::store::{self, Store};

/// When the first message of an account was written: 1 January 2025, 09:00 UTC.
const FIRST_DATE: u64 = 1_735_722_000;

macro_rules! bundle {
    ($($name:literal),+ $(,)?) => {
        /// A file of this folder.
        ///
        /// # Panics
        /// There is none of this name.
        pub(super) fn bundled(name: &str) -> &'static [u8] {
            match name {
                $($name => include_bytes!($name),)+
                _ => panic!("{name} is no file of this folder"),
            }
        }
    };
}

bundle!(
    "animation.mp4",
    "document.pdf",
    "landscape-i.bin",
    "landscape-m.jpg",
    "landscape-x.jpg",
    "landscape-y.jpg",
    "music.mp3",
    "portrait-i.bin",
    "portrait-m.jpg",
    "portrait-x.jpg",
    "portrait-y.jpg",
    "round.mp4",
    "sticker-j.bin",
    "sticker-m.webp",
    "sticker.webp",
    "video-h264.mp4",
    "video-i.bin",
    "video-m.jpg",
    "video-vp9.mp4",
    "video.webm",
    "voice.ogg",
);

/// The accounts whose content exists already.
#[derive(Serialize, Deserialize)]
struct Filled(i64);

impl store::Document for Filled {
    const KIND: &'static str = "filled_account";

    fn id(&self) -> String {
        self.0.to_string()
    }
}

/// Makes an account's first content, unless that has happened. Most accounts begin empty.
pub(super) fn ensure(store: &Store, account: &Account) -> Result<()> {
    let fill = match account.phone.as_str() {
        FIRST_PHONE => varied::fill,
        MANY_PHONE => many::fill,
        _ => return Ok(()),
    };
    if store.get::<Filled>(&account.id.to_string())?.is_some() {
        return Ok(());
    }
    store.put(&Filled(account.id))?;
    fill(&Chat { store, account: account.id, peer: account.id })
}

/// A chat that is being filled.
#[derive(Clone, Copy)]
struct Chat<'a> {
    store: &'a Store,
    account: i64,
    peer: i64,
}

impl Chat<'_> {
    fn message(&self, at_s: u64, draft: Draft) -> Result<Message> {
        Message::add(self.store, self.account, self.peer, FIRST_DATE + at_s, draft)
    }

    fn text(&self, at_s: u64, text: &str) -> Result<Message> {
        self.message(at_s, Draft { text: text.to_owned(), ..Draft::default() })
    }

    /// A photo or a document that lies in this data centre.
    fn file(&self, at_s: u64, dc: i32, kind: Kind, caption: &str) -> Result<Message> {
        self.album(at_s, dc, kind, caption, None)
    }

    fn album(&self, at_s: u64, dc: i32, kind: Kind, caption: &str, album: Option<i64>) -> Result<Message> {
        let id = self.add(at_s, dc, kind)?;
        let media = Some(Media::File(id));
        self.message(at_s, Draft { text: caption.to_owned(), media, album, ..Draft::default() })
    }

    /// A file without a message.
    fn add(&self, at_s: u64, dc: i32, kind: Kind) -> Result<i64> {
        let file = File::new(self.account, dc, FIRST_DATE + at_s, kind);
        self.store.put(&file)?;
        Ok(file.id)
    }
}

fn bundle(name: &str) -> Bytes {
    Bytes::Bundled(name.to_owned())
}

/// Made once, since the beginnings of scans have to be looked for.
static LANDSCAPE: LazyLock<Kind> = LazyLock::new(|| {
    Kind::Photo(vec![
        stripped("landscape", 40, 27),
        plain('m', 320, 213, "landscape-m.jpg"),
        plain('x', 800, 533, "landscape-x.jpg"),
        progressive('y', 1280, 853, "landscape-y.jpg"),
    ])
});

fn landscape() -> Kind {
    LANDSCAPE.clone()
}

/// As the other one, with a size that comes with the message.
static PORTRAIT: LazyLock<Kind> = LazyLock::new(|| {
    Kind::Photo(vec![
        stripped("portrait", 27, 40),
        Size { letter: 'm', width: 213, height: 320, shape: Shape::Cached(bundle("portrait-m.jpg")) },
        plain('x', 533, 800, "portrait-x.jpg"),
        progressive('y', 853, 1280, "portrait-y.jpg"),
    ])
});

fn portrait() -> Kind {
    PORTRAIT.clone()
}

fn stripped(name: &str, width: i32, height: i32) -> Size {
    Size { letter: 'i', width, height, shape: Shape::Stripped(bundle(&format!("{name}-i.bin"))) }
}

fn plain(letter: char, width: i32, height: i32, name: &str) -> Size {
    Size { letter, width, height, shape: Shape::Plain(bundle(name)) }
}

fn progressive(letter: char, width: i32, height: i32, name: &str) -> Size {
    let shape = Shape::Progressive { bytes: bundle(name), prefixes: prefixes(bundled(name)) };
    Size { letter, width, height, shape }
}

/// A document that the program brings along.
fn document(source: &str, name: Option<&str>, mime_type: &str, form: Form, thumbs: Vec<Size>) -> Kind {
    let (bytes, name, mime_type) = (bundle(source), name.map(str::to_owned), mime_type.to_owned());
    Kind::Document(Document { bytes, mime_type, name, form, thumbs })
}

/// A document of noise.
fn noise(seed: u64, size: u64, name: &str, mime_type: &str) -> Kind {
    Kind::Document(Document {
        bytes: Bytes::Generated { seed, size },
        mime_type: mime_type.to_owned(),
        name: Some(name.to_owned()),
        form: Form::Plain,
        thumbs: Vec::new(),
    })
}
