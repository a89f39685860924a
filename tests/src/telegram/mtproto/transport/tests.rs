//! Packets in every transport, cut anywhere.

use proptest::prelude::*;

use super::*;

const ALL: [(Framing, bool); 7] = [
    (Framing::Full, false),
    (Framing::Abridged, false),
    (Framing::Intermediate, false),
    (Framing::Padded, false),
    (Framing::Abridged, true),
    (Framing::Intermediate, true),
    (Framing::Padded, true),
];

/// The 64 bytes a client sends first, and its cipher after them.
fn init(framing: Framing) -> ([u8; 64], ObfuscatedCipher) {
    let tag = match framing {
        Framing::Full => unreachable!("the Full transport is not obfuscated"),
        Framing::Abridged => 0xef,
        Framing::Intermediate => 0xee,
        Framing::Padded => 0xdd,
    };
    let mut init: [u8; 64] = std::array::from_fn(|index| u8::try_from(index * 7 % 251).unwrap() + 1);
    init[56..60].fill(tag);
    let mut cipher = ObfuscatedCipher::new(&init);
    let mut encrypted = init;
    cipher.encrypt(&mut encrypted);
    init[56..].copy_from_slice(&encrypted[56..]);
    (init, cipher)
}

/// A client's side of a transport.
struct Client {
    sent: Vec<u8>,
    encoder: Encoder,
}

impl Client {
    fn new(framing: Framing, obfuscated: bool) -> Self {
        let (sent, cipher) = if obfuscated {
            let (init, cipher) = init(framing);
            (init.to_vec(), Some(cipher))
        } else {
            let tag: &[u8] = match framing {
                Framing::Full => &[],
                Framing::Abridged => &[0xef],
                Framing::Intermediate => &[0xee; 4],
                Framing::Padded => &[0xdd; 4],
            };
            (tag.to_vec(), None)
        };
        Self { sent, encoder: Encoder { framing, cipher, sent: 0 } }
    }

    fn send(&mut self, payload: &[u8]) {
        let bytes = self.encoder.packet(payload);
        self.sent.extend(bytes);
    }

    /// The packets in what the server sent, read with the same code, the cipher the other way.
    fn read(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut bytes = bytes.to_vec();
        if let Some(cipher) = &mut self.encoder.cipher {
            cipher.decrypt(&mut bytes);
        }
        let mut decoder = Decoder {
            buffer: BytesMut::from(&bytes[..]),
            known: Some(Known { framing: self.encoder.framing, init: None, cipher: None, received: 0 }),
        };
        std::iter::from_fn(|| decoder.next().unwrap()).collect()
    }
}

/// A payload that is formed as a message: encrypted ones are 24 bytes and whole blocks.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    (1_usize..80, any::<u8>()).prop_map(|(blocks, byte)| vec![byte | 1; 24 + blocks * 16])
}

proptest! {
    #[test]
    fn packets_come_out_as_they_went_in_however_they_are_cut(
        payloads in prop::collection::vec(payload(), 1..6),
        cuts in prop::collection::vec(1_usize..200, 1..8),
        which in 0..ALL.len(),
    ) {
        let (framing, obfuscated) = ALL[which];
        let mut client = Client::new(framing, obfuscated);
        for payload in &payloads {
            client.send(payload);
        }
        let (mut decoder, mut received) = (Decoder::default(), Vec::new());
        let (mut rest, mut cuts) = (&client.sent.clone()[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            decoder.push(now);
            while let Some(packet) = decoder.next().unwrap() {
                received.push(packet);
            }
            rest = later;
        }
        prop_assert_eq!(&received, &payloads);

        let mut encoder = decoder.encoder().unwrap();
        let answers: Vec<u8> = payloads.iter().flat_map(|payload| encoder.packet(payload)).collect();
        prop_assert_eq!(client.read(&answers), payloads);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }
}

#[test]
fn padding_after_an_open_message_is_taken_off() {
    let mut message = vec![0; 16];
    message.extend(8_u32.to_le_bytes());
    message.extend([1, 2, 3, 4, 5, 6, 7, 8]);
    let mut client = Client::new(Framing::Padded, false);
    client.sent.extend(intermediate::pack(&message, &[9; 13]));
    let mut decoder = Decoder::default();
    decoder.push(&client.sent);
    assert_eq!(decoder.next(), Ok(Some(message)));
}

#[test]
fn quick_acknowledgements_may_be_asked_for() {
    let mut decoder = Decoder::default();
    decoder.push(&[0xef, 0x81, 1, 2, 3, 4]);
    assert_eq!(decoder.next(), Ok(Some(vec![1, 2, 3, 4])));
    let mut decoder = Decoder::default();
    decoder.push(&[0xee, 0xee, 0xee, 0xee, 4, 0, 0, 0x80, 1, 2, 3, 4]);
    assert_eq!(decoder.next(), Ok(Some(vec![1, 2, 3, 4])));
}

#[test]
fn a_long_packet_has_its_length_in_three_bytes() {
    let packet = abridged::pack(&vec![5; 127 * 4]);
    assert_eq!(packet[..4], [0x7f, 127, 0, 0]);
    let mut decoder = Decoder::default();
    decoder.push(&[0xef]);
    decoder.push(&packet);
    assert_eq!(decoder.next().unwrap().unwrap().len(), 508);
}

#[test]
fn a_transport_error_is_four_bytes() {
    for (framing, expected) in [
        (Framing::Full, &[0x6c, 0xfe, 0xff, 0xff][..]),
        (Framing::Abridged, &[1, 0x6c, 0xfe, 0xff, 0xff]),
        (Framing::Intermediate, &[4, 0, 0, 0, 0x6c, 0xfe, 0xff, 0xff]),
        (Framing::Padded, &[4, 0, 0, 0, 0x6c, 0xfe, 0xff, 0xff]),
    ] {
        assert_eq!(Client::new(framing, false).encoder.error(-404), expected);
    }
}

#[test]
fn other_protocols_and_broken_packets_are_refused() {
    let first_of = |bytes: &[u8]| {
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        decoder.next()
    };
    assert_eq!(first_of(b"GET / HTTP/1.1\r\n"), Err(TransportError::Unknown));
    assert_eq!(first_of(&[7; 64]), Err(TransportError::Unknown));
    assert_eq!(first_of(&[8, 0, 0, 0, 0, 0, 0, 0]), Err(TransportError::Length));
    assert_eq!(first_of(&[0xee, 0xee, 0xee, 0xee, 0, 0, 0, 0x7f]), Err(TransportError::Length));
    assert_eq!(first_of(&[0xef, 0]), Err(TransportError::Length));
    let mut packet = full::pack(&[1, 2, 3, 4], 0);
    packet[8] ^= 1;
    assert_eq!(first_of(&packet), Err(TransportError::Checksum));
    let mut decoder = Decoder::default();
    decoder.push(&full::pack(&[1, 2, 3, 4], 0));
    decoder.push(&full::pack(&[1, 2, 3, 4], 0));
    assert_eq!(decoder.next(), Ok(Some(vec![1, 2, 3, 4])));
    assert_eq!(decoder.next(), Err(TransportError::Sequence));
}
