//! The function `resend_code`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::resend_code::main()
}
