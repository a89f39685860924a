//! Which parts are read, under way and acknowledged.

use std::collections::VecDeque;

use bytes::Bytes;
use lambdagram_domain::upload::{UploadPart, UploadPlan};

/// The parts from the first that is not acknowledged on, as many as there may be at once.
pub(super) struct Outbox {
    plan: UploadPlan,
    /// The number of the first slot; all parts before are acknowledged.
    first: u32,
    slots: VecDeque<Slot>,
    window: usize,
}

enum Slot {
    /// Being read.
    Wanted,
    /// To be sent.
    Here(Bytes),
    /// Sent, and kept until that is acknowledged.
    Sent(Bytes),
    Acknowledged,
}

impl Outbox {
    /// `window` is the number of parts that may be under way, at least 1. One more is read meanwhile.
    pub(super) fn new(plan: UploadPlan, first: u32, window: usize) -> Self {
        Self { plan, first, slots: VecDeque::new(), window }
    }

    /// How many parts are acknowledged, from the first of the file on.
    pub(super) fn acknowledged(&self) -> u32 {
        self.first
    }

    /// Whether all parts are acknowledged.
    pub(super) fn is_over(&self) -> bool {
        self.first >= self.plan.parts()
    }

    /// The next part to read. It counts as being read from now on.
    pub(super) fn wants(&mut self) -> Option<UploadPart> {
        if self.slots.len() > self.window {
            return None;
        }
        let part = self.plan.part(self.first + u32::try_from(self.slots.len()).ok()?)?;
        self.slots.push_back(Slot::Wanted);
        Some(part)
    }

    /// The bytes of a part that was being read.
    pub(super) fn put(&mut self, number: u32, bytes: Bytes) {
        if let Some(slot @ Slot::Wanted) = self.slot(number) {
            *slot = Slot::Here(bytes);
        }
    }

    /// The next part to send, and its number. It counts as sent from now on.
    pub(super) fn send(&mut self) -> Option<(u32, Bytes)> {
        let under_way = self.slots.iter().filter(|slot| matches!(slot, Slot::Sent(_))).count();
        if under_way >= self.window {
            return None;
        }
        let (at, bytes) = self.slots.iter().enumerate().find_map(|(at, slot)| match slot {
            Slot::Here(bytes) => Some((at, bytes.clone())),
            _ => None,
        })?;
        self.slots[at] = Slot::Sent(bytes.clone());
        Some((self.first + u32::try_from(at).ok()?, bytes))
    }

    /// A part that was sent is acknowledged. Its bytes, if that is new.
    pub(super) fn acknowledge(&mut self, number: u32) -> Option<Bytes> {
        let mut acknowledged = None;
        if let Some(slot) = self.slot(number)
            && let Slot::Sent(bytes) = slot
        {
            acknowledged = Some(std::mem::take(bytes));
            *slot = Slot::Acknowledged;
        }
        while self.slots.pop_front_if(|slot| matches!(slot, Slot::Acknowledged)).is_some() {
            self.first += 1;
        }
        acknowledged
    }

    /// A part that was sent has to be sent again.
    pub(super) fn miss(&mut self, number: u32) {
        if let Some(slot) = self.slot(number) {
            slot.miss();
        }
    }

    /// All parts that were sent and are not acknowledged have to be sent again.
    pub(super) fn miss_all(&mut self) {
        self.slots.iter_mut().for_each(Slot::miss);
    }

    fn slot(&mut self, number: u32) -> Option<&mut Slot> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.slots.get_mut(place)
    }
}

impl Slot {
    fn miss(&mut self) {
        if let Self::Sent(bytes) = self {
            *self = Self::Here(bytes.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: u64 = 512 * 1024;

    fn outbox(parts: u64, first: u32, window: usize) -> Outbox {
        Outbox::new(UploadPlan::of(parts * PART, false).unwrap(), first, window)
    }

    /// Reads all that is wanted, and sends all that may be; the numbers of what is sent.
    fn fill(outbox: &mut Outbox) -> Vec<u32> {
        while let Some(part) = outbox.wants() {
            outbox.put(part.number, Bytes::from(part.number.to_le_bytes().to_vec()));
        }
        let mut sent = Vec::new();
        while let Some((number, bytes)) = outbox.send() {
            assert_eq!(bytes[..], number.to_le_bytes());
            sent.push(number);
        }
        sent
    }

    #[test]
    fn a_window_of_parts_is_under_way_and_one_more_is_read() {
        let mut outbox = outbox(10, 4, 3);
        assert_eq!(fill(&mut outbox), [4, 5, 6]);
        assert_eq!(outbox.slots.len(), 4);
        outbox.acknowledge(5);
        assert_eq!(outbox.acknowledged(), 4);
        assert_eq!(fill(&mut outbox), [7]);
        outbox.acknowledge(4);
        assert_eq!(outbox.acknowledged(), 6);
        assert_eq!(fill(&mut outbox), [8]);
    }

    #[test]
    fn what_is_missed_is_sent_again_and_what_is_acknowledged_is_not() {
        let mut outbox = outbox(4, 0, 4);
        assert_eq!(fill(&mut outbox), [0, 1, 2, 3]);
        outbox.acknowledge(2);
        outbox.miss(1);
        outbox.miss(2);
        assert_eq!(fill(&mut outbox), [1]);
        outbox.miss_all();
        assert_eq!(fill(&mut outbox), [0, 1, 3]);
        for number in [3, 0, 1] {
            assert!(!outbox.is_over());
            outbox.acknowledge(number);
        }
        assert!(outbox.is_over());
        assert_eq!((outbox.acknowledged(), outbox.wants()), (4, None));
    }

    #[test]
    fn answers_to_nothing_change_nothing() {
        let mut outbox = outbox(3, 1, 1);
        outbox.acknowledge(1);
        outbox.put(1, Bytes::new());
        outbox.miss(0);
        assert_eq!(fill(&mut outbox), [1]);
        outbox.acknowledge(2);
        outbox.acknowledge(0);
        outbox.acknowledge(u32::MAX);
        assert_eq!(outbox.acknowledged(), 1);
    }
}
