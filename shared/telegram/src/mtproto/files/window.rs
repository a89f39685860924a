//! Which parts are under way, which are here, and what is handed out next.

use std::collections::VecDeque;
use std::iter::Peekable;

use bytes::Bytes;
use lambdagram_domain::media::Part;

/// The parts that are not handed out yet, as many as there may be at once, in their order.
pub(super) struct Window {
    rest: Peekable<Box<dyn Iterator<Item = Part> + Send>>,
    slots: VecDeque<Slot>,
    /// The number of the first slot. Parts are numbered from 0.
    first: u64,
    size: usize,
}

struct Slot {
    part: Part,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    /// To be asked for.
    Missing,
    /// Asked for.
    Asked,
    /// Here, and it is not its turn yet.
    Here(Bytes),
}

impl Window {
    /// `size` is the number of parts that may be asked for and not handed out, at least 1.
    pub(super) fn new(parts: impl Iterator<Item = Part> + Send + 'static, size: usize) -> Self {
        let parts: Box<dyn Iterator<Item = Part> + Send> = Box::new(parts);
        Self { rest: parts.peekable(), slots: VecDeque::new(), first: 0, size: size.max(1) }
    }

    /// The next part to ask for, and its number. It counts as asked for from now on.
    pub(super) fn ask(&mut self) -> Option<(u64, Part)> {
        let at = self.slots.iter().position(|slot| slot.state == State::Missing).or_else(|| {
            let part = if self.slots.len() < self.size { self.rest.next()? } else { return None };
            self.slots.push_back(Slot { part, state: State::Missing });
            Some(self.slots.len() - 1)
        })?;
        self.slots[at].state = State::Asked;
        Some((self.first + at as u64, self.slots[at].part))
    }

    /// Whether there is a part to ask for.
    pub(super) fn wants(&mut self) -> bool {
        self.slots.iter().any(|slot| slot.state == State::Missing)
            || (self.slots.len() < self.size && self.rest.peek().is_some())
    }

    /// What part a number stands for, while it is asked for.
    pub(super) fn part(&self, number: u64) -> Option<Part> {
        let slot = self.slots.get(self.place(number)?)?;
        (slot.state == State::Asked).then_some(slot.part)
    }

    /// The bytes of a part that was asked for.
    pub(super) fn put(&mut self, number: u64, bytes: Bytes) {
        self.change(number, State::Here(bytes));
    }

    /// A part that was asked for has to be asked for again.
    pub(super) fn miss(&mut self, number: u64) {
        self.change(number, State::Missing);
    }

    /// All parts that are asked for have to be asked for again.
    pub(super) fn miss_all(&mut self) {
        for slot in &mut self.slots {
            if slot.state == State::Asked {
                slot.state = State::Missing;
            }
        }
    }

    /// The next part in order, if it is here.
    pub(super) fn hand_out(&mut self) -> Option<Bytes> {
        let next = self.slots.pop_front_if(|slot| matches!(slot.state, State::Here(_)))?;
        self.first += 1;
        match next.state {
            State::Here(bytes) => Some(bytes),
            State::Missing | State::Asked => None,
        }
    }

    /// Whether the next part in order is under way.
    pub(super) fn is_next_asked(&self) -> bool {
        self.slots.front().is_some_and(|slot| slot.state == State::Asked)
    }

    /// Whether all parts were handed out.
    pub(super) fn is_over(&mut self) -> bool {
        self.slots.is_empty() && self.rest.peek().is_none()
    }

    fn change(&mut self, number: u64, state: State) {
        let slot = self.place(number).and_then(|place| self.slots.get_mut(place));
        if let Some(slot) = slot.filter(|slot| slot.state == State::Asked) {
            slot.state = state;
        }
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests;
