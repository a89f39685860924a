//! Amazon SQS on this machine.
