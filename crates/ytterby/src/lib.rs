#![doc = "wip"]
pub mod decimal; pub mod did; pub mod digest; pub mod element; pub mod json; pub mod key; pub mod masses; pub mod proof; pub mod text; pub mod time; mod wide;
