//! stub
#![allow(missing_docs)]
use std::sync::Arc; use crate::*; use bytes::Bytes;
#[derive(Clone,Default)] pub struct Limits { pub lateness_ms:i64,pub dedup_ms:i64,pub groups_max:usize,pub matches_max:usize }
pub struct Alert { pub id:String,pub time_ms:i64,pub json:Bytes }
#[derive(Default)] pub struct Output { pub alerts: Vec<Alert>, pub matches: Vec<Match>, pub state: Vec<(Vec<u8>,Option<Vec<u8>>)> }
pub struct Correlator;
impl Correlator { pub fn new(_:Arc<RuleSet>,_:Limits)->Self{Self} pub fn restore(&mut self,_:&[u8],_:&[u8])->Result<(),String>{Ok(())} pub fn observe(&mut self,_:&Match){} pub fn progress(&mut self,_:u32,_:i64){} pub fn advance(&mut self){} pub fn finish(&mut self){} pub fn drain(&mut self,_:&mut Output){} }
