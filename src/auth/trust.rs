//! Whose tokens are believed: the service's own, and those of the operator's identity provider. The one place that
//! decides which rules a token is judged by. It must not know where a token came from.

use super::access_token;
use super::json_web_token::{Algorithm, Token, TokenError};
use super::key_set::KeySet;
use super::signing_secret::{SigningSecret, SigningSecrets};
use crate::core::access::{Identity, Subject};
use crate::core::time::UnixMillis;
use crate::core::topic;

/// The longest name of an account, in bytes.
pub const MOST_SUBJECT_BYTES: usize = 255;

/// Whose tokens are believed. Nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// What the service signs its own tokens with; `None` where wallets can't sign in.
    pub own: Option<SigningSecrets>,
    /// The operator's identity provider.
    pub provider: Provider,
}

/// How the tokens of the operator's identity provider are told. One with neither a secret nor keys is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// The secret that it shares with the service, for HS256.
    pub secret: Option<SigningSecret>,
    /// Whether it publishes keys, for RS256 and ES256.
    pub has_keys: bool,
    /// What its tokens have to say as `iss`.
    pub issuer: Option<String>,
    /// What its tokens have to say as `aud`, alone or among others.
    pub audience: Option<String>,
}

/// Who has a token. `keys` are those of the provider as far as they are known.
///
/// A token that names this service as its issuer is judged by the service's own rules and no others; any other by the
/// provider's. What it is signed with follows from the rules and not from the token: a public key is never a secret.
///
/// # Errors
/// Why it proves nothing. After [`TokenError::UnknownKey`] it may, with newer keys.
pub fn verify(token: &str, trust: &Trust, keys: &KeySet, now: UnixMillis) -> Result<Identity, TokenError> {
    let token = Token::parse(token)?;
    if access_token::is_own(&token) {
        let secrets = trust.own.as_ref().ok_or(TokenError::Issuer)?;
        return access_token::verify(&token, secrets, now);
    }
    trust.provider.verify(&token, keys, now)
}

/// Whether only a key of the provider can prove a token.
#[must_use]
pub fn takes_keys(token: &str, trust: &Trust) -> bool {
    trust.provider.has_keys
        && Token::parse(token)
            .is_ok_and(|token| token.algorithm != Algorithm::Hs256 && !access_token::is_own(&token))
}

impl Provider {
    fn verify(&self, token: &Token<'_>, keys: &KeySet, now: UnixMillis) -> Result<Identity, TokenError> {
        // What it says is checked first: an expired token is not worth the time of a signature, or a look for new keys.
        let identity = self.check_claims(token, now)?;
        match (token.algorithm, &self.secret) {
            (Algorithm::Hs256, Some(secret)) => {
                if !secret.verifies(&[token.signed.as_bytes()], &token.signature) {
                    return Err(TokenError::Signature);
                }
            }
            (Algorithm::Rs256 | Algorithm::Es256, _) if self.has_keys => keys.verify(token)?,
            _ => return Err(TokenError::Algorithm),
        }
        Ok(identity)
    }

    fn check_claims(&self, token: &Token<'_>, now: UnixMillis) -> Result<Identity, TokenError> {
        token.claims.check_parties(self.issuer.as_deref(), self.audience.as_deref())?;
        let expires = token.claims.check_time(now)?;
        let name = token.claims.sub.as_deref().filter(|name| is_name(name)).ok_or(TokenError::Subject)?;
        Ok(Identity { subject: Subject::Account(name.to_owned()), expires })
    }
}

/// Whether an account may be called so. A name that could own nothing is refused here, where its holder notices.
fn is_name(text: &str) -> bool {
    let is_text = !text.is_empty() && !text.chars().any(char::is_control);
    is_text && text.len() <= MOST_SUBJECT_BYTES && topic::can_own(text)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use p256::ecdsa::signature::Signer as _;
    use p256::ecdsa::{Signature, SigningKey};

    use super::*;
    use crate::core::wallet::Wallet;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const EXPIRES: UnixMillis = UnixMillis(1_700_003_600_000);
    const WALLET: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
    const PROVIDER_SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters";
    const OWN_SECRET: &str = "own-secret-own-secret-own-secret-own-secret";
    /// The claims of the tokens below.
    const SAYS: &str =
        r#"{"iss":"https://id.example","aud":"authenticated","sub":"u-1","iat":1700000000,"exp":1700003600}"#;

    /// The modulus of a provider's RSA key, which is called `r1`. Its exponent is AQAB.
    const MODULUS: &str = "9ykFNZ0EEgIcexUYKWTJUzfD9utFmkfznv2RyCDSHjlIHtSnyYi6AOoSLkGq-Er_zMlv6VvDqjHzCdOm_7iyzvmD\
        KgAnYsdUmzdF3RNM5SryIYGgy-6uFTabsOlGQxtCjKhAehZkdehKjCyUI00lZhyxCy0JvTpfJr2XDhk6EEYmlN3T\
        gEw2TB7D2eJc2FQTQWbfd5J6gM5uyAtCP3L8nXrtBvSzIbxAoIh60RBrC_qJTO5ec_pjVK3oa10HJzFAhSL2X8Nf\
        JscUSPTWlNldOTJL53RKgVhaZsM8lu__B_vJg4Pk8f5CGww8JgoERhw93eZL40scA9-_7hOPYFDQ3w";
    /// The coordinates of its key on P-256, which is called `e1`, and what it signs with.
    const X: &str = "u5w3K9RF53mCpwffohT5HgQVCeSk7DXTQz7PY-TxvQ8";
    const Y: &str = "UFS8GBv9DCPkA_MPyy_MFwTPSKE7MNcmHinW-UDxXaU";
    const D: &str = "g-1QiA8kLJztCr2HVO0Z7bC0OCszdrhwh4s6JoqjFyU";
    /// `SAYS`, signed by `r1`, by the npm package `jose`, as are the others.
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InIxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUi\
        LCJhdWQiOiJhdXRoZW50aWNhdGVkIiwic3ViIjoidS0xIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2\
        MDB9.11GJrZUJ5dWZI5i2vdh-YJ08vHrrJ-vubK9Ar14T2hN0Aw_UNTHWWEWf128MhY0q_Vee_MERG4qpFlV1DdS\
        ONjVR-dm3PJlFFzI--hZa0laiLgxBO9ydxWUrdaMB1Um2ErX0B7mChOZDAlGA_b5lBinU2EdKHYoWRSQShlX_GO-\
        FZqU6kOy4xQlKa5IJ_IPplnLBtGNt470muPmjLrPAWK55JhPTLrPX8SBwng_lb8xM7YklJwamA8mOUw9NsOlaZh4\
        YxpFKMslgfUrtCbxSRXrfHuBAOqqPjgxfOXHSE-FxH9eNCc32JoOkd-3B37C8PT_WOCMJnlWlSxcut13LTw";
    /// The same, without the name of the key.
    const RS256_UNNAMED: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhdXR\
        oZW50aWNhdGVkIiwic3ViIjoidS0xIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.rn19slmDgY\
        Vs-tX9Juje9sXkC148RLq738GbDBSsTOdL54nnnHGQEgh0as6nh1Aq-yed8n1UIc5a_svsl5hHFcmr3Zx4kZ8LJQ\
        43bZCRFTIjzNDfF2G12z8uPY31aGvyCxxSigZHCv9iAtuNgzUDI2cSnMPgOrblRmepRVJoDdPNlvYGF8v3wj7vhs\
        kJxo2T6pDV6R3x-IzpcAPC56Vq42LAdtugPUth0bYZT9uYB3yQOaNKEe1Qm1tW7z-Mqjb79k6svvE0W_3jqEX_WC\
        9369npS8JH1Q1C02GFNqfaPRE7HOta5Tzw76K7SLcfA-YfH4MqZyaypAHfbP0g79BEjQ";
    /// Signed by `r1` with SHA-512.
    const RS512: &str = "eyJhbGciOiJSUzUxMiIsImtpZCI6InIxIn0.eyJzdWIiOiJ1LTEiLCJleHAiOjE3MDAwMDM2MDB9.oGVOIbu0Hk8\
        bvf3VDLim73_Jbd3EAWArCIxytQ8AErFwv-mnySqnVekqGY6ewWQPNnJFGTb5oZyADTjT5vFIkRck7vl19WNxPCD\
        IvjVkXHu8nN_R1NXMJm3Y9yXhZ7nF8eIvle7lGOnqs6lGd354XNAyKmG6KtMZvHfVd9sSojGpQEvyWs6OJy8rvrJ\
        xBQa5ISGrFFGBWum1cmMKxsg8Nu8Zs0DIX-LjKGZhr_FGDN2IoM1ABtXlgkWT3lKiPb8S7zZlSl_dnejKPx8LTav\
        kKn8A_rDOaJ9xrLgPf-yMOSN3o7oNGJKkj8YU792IEx1PTDWKJCZWhZWgYAkphZyI5A";
    /// `SAYS`, signed by `e1`.
    const ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImUxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUi\
        LCJhdWQiOiJhdXRoZW50aWNhdGVkIiwic3ViIjoidS0xIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2\
        MDB9.-NRn2hy58QuhB_fjyXXSV4PB-sam56mCXdZLIyWk0YfLC2QcQY4IiFk4f3KtfQ9E8GULQZ16ws-lK7OwDN2\
        pnQ";
    /// The same, without the name of the key.
    const ES256_UNNAMED: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhdXR\
        oZW50aWNhdGVkIiwic3ViIjoidS0xIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.diFplvwWvN\
        gG1rkmevZJpG3KADu7xhdP3ikvCA1NTjMGGVsLMqs-U8HdMMN_fcWGK_oD7uJO0iMlopOY1MTAlA";
    /// `SAYS`, signed with `PROVIDER_SECRET`.
    const HS256: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJhdXR\
        oZW50aWNhdGVkIiwic3ViIjoidS0xIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9.r-UM0OtpjX\
        X5MSHMTSZPKCCfcD9uTrFuWDzcBh5rrbM";

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::parse(text).unwrap().unwrap()
    }

    /// Trusts the service itself, and a provider by secret and keys.
    fn everybody() -> Trust {
        let provider = Provider {
            secret: Some(secret(PROVIDER_SECRET)),
            has_keys: true,
            issuer: Some("https://id.example".to_owned()),
            audience: Some("authenticated".to_owned()),
        };
        Trust { own: Some(SigningSecrets::new(secret(OWN_SECRET), None)), provider }
    }

    fn with_provider(change: impl FnOnce(&mut Provider)) -> Trust {
        let mut trust = everybody();
        change(&mut trust.provider);
        trust
    }

    fn rsa_key(beside: &str) -> String {
        format!(r#"{{"kty":"RSA","n":"{MODULUS}","e":"AQAB"{beside}}}"#)
    }

    fn p256_key(beside: &str) -> String {
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{beside}}}"#)
    }

    fn set(keys: &[String]) -> KeySet {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn keys() -> KeySet {
        set(&[
            rsa_key(r#","kid":"r1","use":"sig","alg":"RS256""#),
            p256_key(r#","kid":"e1","key_ops":["verify"],"alg":"ES256""#),
        ])
    }

    fn signed_part(header: &str, claims: &str) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn hs256(header: &str, claims: &str, key: &[u8]) -> String {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let signed = signed_part(header, claims);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn es256(header: &str, claims: &str) -> String {
        let signed = signed_part(header, claims);
        let key = SigningKey::from_slice(&URL_SAFE_NO_PAD.decode(D).unwrap()).unwrap();
        let signature: Signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    fn account() -> Identity {
        Identity { subject: Subject::Account("u-1".to_owned()), expires: EXPIRES }
    }

    fn own_token() -> String {
        let secrets = SigningSecrets::new(secret(OWN_SECRET), None);
        access_token::issue(&secrets, &Wallet::parse(WALLET).unwrap(), NOW)
    }

    #[test]
    fn a_providers_tokens_name_an_account() {
        for token in [HS256, RS256, RS256_UNNAMED, ES256, ES256_UNNAMED] {
            assert_eq!(verify(token, &everybody(), &keys(), NOW), Ok(account()), "{token}");
        }
        let anybody = with_provider(|provider| (provider.issuer, provider.audience) = (None, None));
        assert_eq!(verify(ES256, &anybody, &keys(), NOW), Ok(account()));
    }

    #[test]
    fn an_own_token_names_a_wallet_for_an_hour_also_while_the_secret_is_rotated() {
        let wallet = Subject::Wallet(Wallet::parse(WALLET).unwrap());
        let identity = Ok(Identity { subject: wallet, expires: EXPIRES });
        let trusts = |current, previous: Option<&str>| Trust {
            own: Some(SigningSecrets::new(secret(current), previous.map(secret))),
            ..Trust::default()
        };
        let judge = |trust: &Trust, now| verify(&own_token(), trust, &KeySet::default(), now);
        let other = "another secret, another secret, another";
        assert_eq!(judge(&trusts(OWN_SECRET, None), NOW), identity);
        assert_eq!(judge(&trusts(other, Some(OWN_SECRET)), NOW), identity);
        assert_eq!(judge(&trusts(other, None), NOW), Err(TokenError::Signature));
        assert_eq!(judge(&Trust::default(), NOW), Err(TokenError::Issuer));
        assert_eq!(judge(&everybody(), UnixMillis(EXPIRES.0 - 1)), identity);
        assert_eq!(judge(&everybody(), EXPIRES), Err(TokenError::Expired));
    }

    #[test]
    fn a_changed_token_is_none() {
        for token in [HS256.to_owned(), RS256.to_owned(), ES256.to_owned(), own_token()] {
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let (header, _) = signed.split_once('.').unwrap();
            let other = URL_SAFE_NO_PAD.encode(SAYS.replace("u-1", "u-2"));
            let all_zero = "A".repeat(signature.len() / 4 * 4);
            for changed in [
                format!("{header}.{other}.{signature}"),
                format!("{signed}.{all_zero}"),
                format!("{signed}."),
                format!("{signed}.{}", signature.split_at(signature.len() - 4).0),
            ] {
                assert!(verify(&changed, &everybody(), &keys(), NOW).is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn a_token_that_is_not_signed_or_signed_otherwise_is_none() {
        for alg in ["none", "None", "NONE", "", "HS384", "RS512", "PS256", "ES384", "EdDSA"] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            let unsigned = format!("{}.", signed_part(&header, SAYS));
            assert_eq!(verify(&unsigned, &everybody(), &keys(), NOW), Err(TokenError::Algorithm), "{alg}");
            let hashed = hs256(&header, SAYS, PROVIDER_SECRET.as_bytes());
            assert_eq!(verify(&hashed, &everybody(), &keys(), NOW), Err(TokenError::Algorithm), "{alg}");
        }
        let unsigned = format!("{}.", signed_part(r#"{"alg":"HS256"}"#, SAYS));
        assert_eq!(verify(&unsigned, &everybody(), &keys(), NOW), Err(TokenError::Signature));
        let anybody = with_provider(|provider| (provider.issuer, provider.audience) = (None, None));
        assert_eq!(verify(RS512, &anybody, &keys(), NOW), Err(TokenError::Algorithm));
    }

    /// The oldest trick: what everybody can read of a key, used as a secret.
    #[test]
    fn a_public_key_is_no_secret() {
        let modulus = URL_SAFE_NO_PAD.decode(MODULUS).unwrap();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&modulus));
        let point =
            [&[4], &*URL_SAFE_NO_PAD.decode(X).unwrap(), &URL_SAFE_NO_PAD.decode(Y).unwrap()].concat();
        let by_keys_alone = with_provider(|provider| provider.secret = None);
        let publics = [
            modulus,
            MODULUS.into(),
            pem.into_bytes(),
            rsa_key("").into_bytes(),
            p256_key("").into_bytes(),
            point,
        ];
        for public in &publics {
            for header in
                [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","kid":"r1"}"#, r#"{"alg":"HS256","kid":"e1"}"#]
            {
                let token = hs256(header, SAYS, public);
                assert_eq!(verify(&token, &by_keys_alone, &keys(), NOW), Err(TokenError::Algorithm));
                assert_eq!(verify(&token, &everybody(), &keys(), NOW), Err(TokenError::Signature));
            }
        }
        let secret_in_set = format!(r#"{{"kty":"oct","kid":"s1","k":"{}"}}"#, URL_SAFE_NO_PAD.encode(b"k"));
        let token = hs256(r#"{"alg":"HS256","kid":"s1"}"#, SAYS, b"k");
        assert_eq!(verify(&token, &by_keys_alone, &set(&[secret_in_set]), NOW), Err(TokenError::Algorithm));
    }

    #[test]
    fn a_provider_that_is_known_one_way_is_not_believed_the_other() {
        let by_secret_alone = with_provider(|provider| provider.has_keys = false);
        for token in [RS256, ES256, RS256_UNNAMED] {
            assert_eq!(verify(token, &by_secret_alone, &keys(), NOW), Err(TokenError::Algorithm));
        }
        let by_keys_alone = with_provider(|provider| provider.secret = None);
        assert_eq!(verify(HS256, &by_keys_alone, &keys(), NOW), Err(TokenError::Algorithm));
        for token in [HS256, RS256, ES256] {
            assert_eq!(verify(token, &Trust::default(), &keys(), NOW), Err(TokenError::Algorithm));
        }
    }

    #[test]
    fn a_key_is_taken_for_what_it_is_for_alone() {
        let judge = |token, keys: &[String]| verify(token, &everybody(), &set(keys), NOW);
        let (unknown, mismatch) = (Err(TokenError::UnknownKey), Err(TokenError::Algorithm));
        let named = |beside| rsa_key(&format!(r#","kid":"r1"{beside}"#));
        assert_eq!(judge(RS256, &[named("")]), Ok(account()));
        assert_eq!(judge(RS256, &[named(r#","use":"enc""#)]), unknown);
        assert_eq!(judge(RS256, &[named(r#","alg":"RS512""#)]), unknown);
        assert_eq!(judge(RS256, &[named(r#","alg":"RSA-OAEP""#)]), unknown);
        assert_eq!(judge(RS256, &[named(r#","key_ops":["encrypt"]"#)]), unknown);
        assert_eq!(judge(RS256, &[p256_key(r#","kid":"r1""#)]), mismatch);
        assert_eq!(judge(ES256, &[rsa_key(r#","kid":"e1""#)]), mismatch);
        assert_eq!(judge(ES256, &[rsa_key(r#","kid":"e1""#), p256_key(r#","kid":"e1""#)]), Ok(account()));
        assert_eq!(judge(ES256_UNNAMED, &[rsa_key("")]), unknown);
        assert_eq!(judge(ES256_UNNAMED, &[p256_key(""), p256_key("")]), unknown, "which one?");
        let zeros_before =
            URL_SAFE_NO_PAD.encode([&[0; 3], &*URL_SAFE_NO_PAD.decode(MODULUS).unwrap()].concat());
        assert_eq!(judge(RS256, &[named("").replace(MODULUS, &zeros_before)]), Ok(account()));
        let zero = named("").replace(MODULUS, "AAAA");
        assert_eq!(judge(RS256, &[zero]), unknown);
        let swapped = format!(r#"{{"kty":"EC","crv":"P-256","kid":"e1","x":"{Y}","y":"{X}"}}"#);
        assert_eq!(judge(ES256, &[swapped]), unknown, "no point of the curve");
        let short = rsa_key(r#","kid":"r1""#).replace(MODULUS, MODULUS.split_at(172).0);
        assert_eq!(judge(RS256, &[short]), unknown, "1,032 bits");
        let long = named("").replace(MODULUS, &URL_SAFE_NO_PAD.encode([0xff; 2_000]));
        assert_eq!(judge(RS256, &[long]), unknown, "16,000 bits");
        assert_eq!(judge(RS256, &[named(r#","key_ops":["sign"]"#)]), unknown);
        for exponent in ["AA", "AQ", "Ag"] {
            let weak = named("").replace("AQAB", exponent);
            assert_eq!(judge(RS256, &[weak]), unknown, "with 0, 1 or 2 anybody signs");
        }
    }

    #[test]
    fn a_signature_on_p256_is_its_two_numbers_and_no_other_text_of_them() {
        let (signed, signature) = ES256.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let der = Signature::from_slice(&bytes).unwrap().to_der().as_bytes().to_vec();
        let (r, s) = bytes.split_at(32);
        let zero = [0; 32];
        for other in
            [der, [r, &zero].concat(), [&zero, s].concat(), [s, r].concat(), [&bytes[..], &[0]].concat()]
        {
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&other));
            assert_eq!(verify(&token, &everybody(), &keys(), NOW), Err(TokenError::Signature), "{other:?}");
        }
    }

    /// A token can't bring the key that proves it, nor say where it is.
    #[test]
    fn what_a_header_says_of_keys_is_passed_over() {
        let key = p256_key("");
        for beside in [
            r#""jku":"https://evil.example/keys""#,
            r#""x5u":"https://evil.example/key.pem""#,
            r#""x5c":["MIIB"]"#,
            &format!(r#""jwk":{key}"#),
        ] {
            let token = es256(&format!(r#"{{"alg":"ES256",{beside}}}"#), SAYS);
            assert_eq!(verify(&token, &everybody(), &KeySet::default(), NOW), Err(TokenError::UnknownKey));
            assert_eq!(verify(&token, &everybody(), &keys(), NOW), Ok(account()), "{beside}");
        }
    }

    #[test]
    fn a_key_that_is_not_known_is_told_apart_and_so_is_a_document_that_is_no_key_set() {
        for token in [RS256, ES256] {
            assert_eq!(verify(token, &everybody(), &KeySet::default(), NOW), Err(TokenError::UnknownKey));
        }
        let renamed = es256(r#"{"alg":"ES256","kid":"e2"}"#, SAYS);
        assert_eq!(verify(&renamed, &everybody(), &keys(), NOW), Err(TokenError::UnknownKey));
        for document in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>"] {
            assert!(KeySet::parse(document.as_bytes()).is_err(), "{document}");
        }
        let odd = [r#"{"kty":1}"#.to_owned(), "null".to_owned(), p256_key(r#","kid":"e1""#)];
        assert_eq!(verify(ES256, &everybody(), &set(&odd), NOW), Ok(account()));
    }

    #[test]
    fn what_a_token_says_has_to_hold() {
        let judge = |claims: &str| {
            verify(&es256(r#"{"alg":"ES256","kid":"e1"}"#, claims), &everybody(), &keys(), NOW)
        };
        let replaced = |from: &str, to: &str| judge(&SAYS.replace(from, to));
        assert_eq!(judge(SAYS), Ok(account()));
        assert_eq!(replaced(r#","exp":1700003600"#, ""), Err(TokenError::Expired));
        assert_eq!(replaced("1700003600", "1699999900"), Err(TokenError::Expired));
        assert_eq!(replaced(r#""exp""#, r#""nbf":1700000100,"exp""#), Err(TokenError::Early));
        assert_eq!(replaced("https://id.example", "https://evil.example"), Err(TokenError::Issuer));
        assert_eq!(replaced(r#""iss":"https://id.example","#, ""), Err(TokenError::Issuer));
        assert_eq!(replaced("authenticated", "anon"), Err(TokenError::Audience));
        assert_eq!(replaced(r#""aud":"authenticated","#, ""), Err(TokenError::Audience));
        assert_eq!(replaced(r#""sub":"u-1","#, ""), Err(TokenError::Subject));
        assert_eq!(replaced("u-1", ""), Err(TokenError::Subject));
        assert_eq!(
            replaced("u-1", "us-east-1:ana"),
            Err(TokenError::Subject),
            "whose is user:us-east-1:ana?"
        );
        assert!(replaced("u-1", "did:privy:abc").is_ok());
        assert_eq!(replaced("u-1", r"u\n1"), Err(TokenError::Subject));
        assert_eq!(replaced("u-1", &"u".repeat(256)), Err(TokenError::Subject));
        let extended = es256(r#"{"alg":"ES256","kid":"e1","crit":["b64"],"b64":false}"#, SAYS);
        assert_eq!(verify(&extended, &everybody(), &keys(), NOW), Err(TokenError::Extension));
    }

    #[test]
    fn an_own_token_and_a_providers_are_never_taken_for_one_another() {
        let judge = |token: &str| verify(token, &everybody(), &keys(), NOW);
        let header = r#"{"alg":"HS256","typ":"at+jwt"}"#;
        let says = |audience: &str, subject: &str| {
            format!(r#"{{"iss":"glow-broadcast","aud":"{audience}","sub":"{subject}","exp":1700003600}}"#)
        };
        let own = says("glow-broadcast", WALLET);
        let key = OWN_SECRET.as_bytes();
        assert!(judge(&hs256(header, &own, key)).is_ok());
        assert_eq!(judge(&hs256(header, &own, PROVIDER_SECRET.as_bytes())), Err(TokenError::Signature));
        assert_eq!(
            judge(&es256(r#"{"alg":"ES256","kid":"e1","typ":"at+jwt"}"#, &own)),
            Err(TokenError::Algorithm)
        );
        assert_eq!(judge(&hs256(r#"{"alg":"HS256","typ":"JWT"}"#, &own, key)), Err(TokenError::Type));
        assert_eq!(judge(&hs256(r#"{"alg":"HS256"}"#, &own, key)), Err(TokenError::Type));
        assert_eq!(judge(&hs256(header, &says("authenticated", WALLET), key)), Err(TokenError::Audience));
        assert_eq!(judge(&hs256(header, &says("glow-broadcast", "u-1"), key)), Err(TokenError::Subject));
        assert_eq!(judge(&hs256(header, SAYS, key)), Err(TokenError::Signature));
    }

    #[test]
    fn keys_are_wanted_only_for_tokens_that_they_can_prove() {
        let trust = everybody();
        for token in [RS256, ES256, RS256_UNNAMED] {
            assert!(takes_keys(token, &trust));
            assert!(!takes_keys(token, &with_provider(|provider| provider.has_keys = false)));
        }
        for token in [HS256, &own_token(), RS512, "", "a.b.c"] {
            assert!(!takes_keys(token, &trust));
        }
    }
}
