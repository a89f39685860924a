//! The function `sign_in`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::sign_in::main()
}
