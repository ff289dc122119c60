//! The first steps of proto-docs/http-api.md, exactly as they stand there.

use serde_json::Value;

use crate::make::{Answer, Service};

const PAGE: &str = include_str!("../../../../proto-docs/http-api.md");

/// A `curl` as the page shows it: path, headers, body, with its variables filled in.
struct Call {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Call {
    fn read(block: &str, variables: &[(&str, &str)]) -> Self {
        let mut text = block[block.find("curl ").unwrap()..].replace("'$CON'", "$CON");
        for (name, value) in variables {
            text = text.replace(&format!("${name}"), value);
        }
        let path = text.split_whitespace().nth(1).unwrap().to_owned();
        let (head, body) = text.split_once("-d '").unwrap();
        let headers = head.split("-H ").skip(1).map(|rest| {
            let quote = &rest[..1];
            let (name, value) = rest[1..].split(quote).next().unwrap().split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        });
        let headers = headers.collect();
        Call { path, headers, body: body[..body.find('\'').unwrap()].to_owned() }
    }

    fn send(&self, service: &Service) -> Answer {
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        service.client.send("POST", &self.path, &headers, Some(self.body.as_bytes()))
    }
}

#[test]
fn the_four_calls_of_the_page_make_a_certificate() {
    let section = PAGE.split("## First certificate").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks: Vec<&str> = section.split("```sh").skip(1).map(|b| b.split("```").next().unwrap()).collect();
    let [issuer, key, origin, draft] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    let service = Service::start();
    let admin = service.admin.as_str();
    let post = |block: &str, variables: &[(&str, &str)]| {
        let all = [&[("URL", ""), ("ADMIN", admin)], variables].concat();
        Call::read(block, &all).send(&service).expect(201)
    };
    post(issuer, &[]);
    let key = post(key, &[]).json()["key"].as_str().unwrap().to_owned();
    let concentrate = post(origin, &[("KEY", &key)]).id();
    let oxide = post(draft, &[("KEY", &key), ("CON", &concentrate)]);
    let bundle = service.client.get(&format!("/v1/certificates/{}/bundle", oxide.id()), &key).expect(200);
    let bundle: Value = bundle.json();
    assert_eq!(bundle["certificates"].as_array().unwrap().len(), 2);
    // With the administrator's key the third call says which key is needed.
    let refused = Call::read(origin, &[("URL", ""), ("KEY", admin)]).send(&service).expect(403).json();
    assert_eq!(refused["code"], "auth.no-issuer");
    assert!(refused["detail"].as_str().unwrap().contains("POST /v1/api-keys"), "{refused}");
}
