//! The function `qr_login`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::qr_login::main()
}
