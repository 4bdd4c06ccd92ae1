//! A guess at what values look like, to find texts by what is rare in them.

use rustc_hash::FxHashMap;

use super::needles::key;

/// What nearly every log holds, whatever the rules ask for.
const TYPICAL: &str = "c:\\windows\\system32\\ c:\\windows\\syswow64\\ c:\\windows\\temp\\ \
    c:\\program files\\ c:\\program files (x86)\\microsoft\\ c:\\users\\public\\ \
    appdata\\local\\temp\\ appdata\\roaming\\ c:\\programdata\\ \\explorer.exe \\svchost.exe \
    \\cmd.exe /c \\powershell.exe -noprofile -executionpolicy bypass -command -file \
    \\windowspowershell\\v1.0\\ hklm\\software\\microsoft\\windows\\currentversion\\ hkcu\\ \
    \\registry\\machine\\system\\currentcontrolset\\services\\ microsoft-windows-sysmon/operational \
    microsoft-windows-security-auditing nt authority\\system desktop- .dll .exe .ps1 .docx .log \
    get-childitem new-object foreach-object where-object select-object write-host -path -name \
    return function param( https://www. http:// .com/ .org/ .net/ /api/v1/ amazonaws.com arn:aws: \
    mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/ \
    safari/537.36 /usr/bin/ /usr/local/bin/ /bin/bash -c /bin/sh /home/ /etc/ /var/log/ /opt/ \
    /tmp/ /lib/ python3 2026-01- t00:00:00.000z git commit -m git push origin main npm install \
    npm run test cargo build the and for with this that from ";
/// A gram of [`TYPICAL`] counts as much as the texts of so many rules.
const TYPICAL_WEIGHT: u32 = 500;

/// How often grams of two and four bytes occur in typical logs and in the texts of the rules.
#[derive(Debug)]
pub(super) struct Sample {
    grams: FxHashMap<u32, u32>,
    bytes: [u32; 256],
}

impl Default for Sample {
    fn default() -> Self {
        let mut sample = Self {
            grams: FxHashMap::default(),
            bytes: [0; 256],
        };
        sample.count(TYPICAL, TYPICAL_WEIGHT);
        sample
    }
}

impl Sample {
    pub(super) fn add(&mut self, text: &str) {
        self.count(text, 1);
    }

    fn count(&mut self, text: &str, weight: u32) {
        let bytes = text.as_bytes();
        for width in [2, 4] {
            for gram in bytes.windows(width) {
                *self.grams.entry(key(gram)).or_default() += weight;
            }
        }
        for byte in bytes {
            self.bytes[usize::from(*byte)] += weight;
        }
    }

    /// How common a gram is; only the order matters. Equal counts are told apart by the bytes.
    pub(super) fn commonness(&self, gram: &[u8]) -> u64 {
        let bytes = gram.iter().map(|byte| self.bytes[usize::from(*byte)]);
        let magnitudes: u32 = bytes.map(|count| (count + 1).ilog2()).sum();
        let count = self.grams.get(&key(gram)).copied().unwrap_or(0);
        u64::from(count) << 8 | u64::from(magnitudes)
    }
}
