//! How many of the files that were seen are kept in one row: as few as are read quickly, since whoever wants one of them
//! reads all.

use lambdagram_domain::media::{SeenFile, ThumbnailContent};

/// Files in one row at most.
const MOST: usize = 100;

/// Bytes that files in one row take at most.
const ROOM: usize = 128 * 1024;

/// Bytes that a file takes, with the longest of names, besides the pictures that came along with it.
const FILE_ROOM: usize = 1024;

/// Parts of these files that fit into a row each.
pub(super) fn shelves(mut files: &[SeenFile]) -> Vec<&[SeenFile]> {
    let mut shelves = Vec::new();
    while !files.is_empty() {
        let mut room = ROOM;
        let fits = |file: &&SeenFile| {
            let left = room.checked_sub(room_of(file));
            room = left.unwrap_or(0);
            left.is_some()
        };
        let count = files.iter().take(MOST).take_while(fits).count().max(1);
        let (shelf, rest) = files.split_at(count);
        shelves.push(shelf);
        files = rest;
    }
    shelves
}

/// Bytes that a file takes in a row, at most.
fn room_of(file: &SeenFile) -> usize {
    let pictures = file.location.thumbnails.iter().map(|thumbnail| match &thumbnail.content {
        ThumbnailContent::Inline(picture) => picture.len(),
        ThumbnailContent::Remote { .. } => 0,
    });
    FILE_ROOM + pictures.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::media::{FileKind, FileLocation, MessageId, Thumbnail};

    use super::*;

    fn seen(pictures: &[usize]) -> Vec<SeenFile> {
        let file = |(at, picture): (usize, &usize)| {
            let content = ThumbnailContent::Inline(vec![0; *picture]);
            let thumbnail = Thumbnail { name: "m".to_owned(), width: 0, height: 0, content };
            let location = FileLocation {
                dc: 1,
                kind: FileKind::Document,
                id: 1,
                access_hash: 1,
                file_reference: Vec::new(),
                size: 1,
                name: String::new(),
                mime_type: String::new(),
                thumbnails: vec![thumbnail],
            };
            SeenFile { message: MessageId::new(1000 - i32::try_from(at).unwrap()).unwrap(), location }
        };
        pictures.iter().enumerate().map(file).collect()
    }

    fn counts(files: &[SeenFile]) -> Vec<usize> {
        let shelves = shelves(files);
        assert_eq!(shelves.concat(), files, "each file is kept, in order");
        shelves.into_iter().map(<[_]>::len).collect()
    }

    #[test]
    fn rows_are_short_where_much_came_along() {
        assert_eq!(counts(&[]), [] as [usize; 0]);
        assert_eq!(counts(&seen(&[0; 250])), [100, 100, 50]);
        assert_eq!(counts(&seen(&[15 * 1024; 20])), [8, 8, 4]);
        assert_eq!(counts(&seen(&[1, 500_000, 1])), [1, 1, 1]);
    }
}
