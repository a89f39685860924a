//! The function `uploads`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::uploads::main()
}
