//! Faults of AWS itself, on demand: an error in place of a call, a process killed around a call, a call that hangs.
//!
//! Tests use them to stand at each step of a job. They have no control over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use super::Service;

/// A fault to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The logical id of the function whose calls it meets; `None` meets everybody's.
    pub function: Option<String>,
    /// The service it happens in.
    pub service: Service,
    /// The operation: `PutItem`, `SendMessage`, `UploadPart`; `*` for any.
    pub operation: String,
    /// How many matching calls pass before it happens.
    pub after_calls: u32,
    /// How many calls it meets then.
    pub times: u32,
    /// Whether the call takes effect.
    pub when: When,
    /// What happens.
    pub effect: Effect,
}

/// On which side of a call's effect a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The service never sees the call.
    Before,
    /// The call has its effect; its answer does not arrive.
    After,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An error of the service.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error's code, `ThrottlingException` for example.
        code: String,
    },
    /// The calling process is killed.
    Kill,
    /// No answer ever comes.
    Hang,
}

/// The faults to come, shared by all services.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.with(|faults| faults.push(fault));
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        self.with(Vec::clear);
    }

    /// The faults that have not happened (often enough) yet.
    pub fn remaining(&self) -> Vec<Fault> {
        self.with(|faults| faults.clone())
    }

    /// Counts one call, and says what it meets. The first fault that fits counts it, those behind it do not.
    pub(super) fn meet(
        &self,
        function: Option<&str>,
        service: Service,
        operation: &str,
        when: When,
    ) -> Option<Effect> {
        self.with(|faults| {
            let index = faults.iter().position(|fault| {
                fault.when == when
                    && fault.service == service
                    && (fault.operation == "*" || fault.operation == operation)
                    && (fault.function.is_none() || fault.function.as_deref() == function)
            })?;
            let fault = &mut faults[index];
            if fault.after_calls > 0 {
                fault.after_calls -= 1;
                return None;
            }
            let effect = fault.effect.clone();
            fault.times = fault.times.saturating_sub(1);
            if fault.times == 0 {
                faults.remove(index);
            }
            Some(effect)
        })
    }

    fn with<T>(&self, use_them: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        use_them(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(operation: &str) -> Fault {
        Fault {
            function: None,
            service: Service::Sqs,
            operation: operation.to_owned(),
            after_calls: 0,
            times: 1,
            when: When::Before,
            effect: Effect::Hang,
        }
    }

    #[test]
    fn a_fault_meets_the_call_it_is_for_and_is_gone() {
        let faults = Faults::default();
        faults.add(Fault { function: Some("Work".to_owned()), ..fault("SendMessage") });
        let meet = |function, service, operation, when| faults.meet(function, service, operation, when);
        assert_eq!(meet(Some("Other"), Service::Sqs, "SendMessage", When::Before), None);
        assert_eq!(meet(None, Service::Sqs, "SendMessage", When::Before), None);
        assert_eq!(meet(Some("Work"), Service::S3, "SendMessage", When::Before), None);
        assert_eq!(meet(Some("Work"), Service::Sqs, "DeleteMessage", When::Before), None);
        assert_eq!(meet(Some("Work"), Service::Sqs, "SendMessage", When::After), None);
        assert_eq!(meet(Some("Work"), Service::Sqs, "SendMessage", When::Before), Some(Effect::Hang));
        assert_eq!(meet(Some("Work"), Service::Sqs, "SendMessage", When::Before), None);
        assert_eq!(faults.remaining(), []);
    }

    #[test]
    fn a_fault_waits_for_its_turn_and_repeats() {
        let faults = Faults::default();
        faults.add(Fault { after_calls: 2, times: 2, ..fault("*") });
        let met: Vec<_> =
            (0..5).map(|_| faults.meet(None, Service::Sqs, "SendMessage", When::Before).is_some()).collect();
        assert_eq!(met, [false, false, true, true, false]);
    }
}
