//! Buckets that keep versions.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier, Tag, Tagging,
    VersioningConfiguration,
};
use proptest::prelude::*;

use super::{BUCKET, code, get, put, world};

pub(crate) async fn switch(client: &Client, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let request = client.put_bucket_versioning().bucket(BUCKET).versioning_configuration(configuration);
    request.send().await.unwrap();
}

/// Puts an object; gives its version id, if it has one.
pub(crate) async fn put_version(client: &Client, key: &str, body: &[u8]) -> Option<String> {
    let put = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(body.to_vec()));
    put.send().await.unwrap().version_id
}

/// The bytes of a version, or the code of the refusal.
pub(crate) async fn read(client: &Client, key: &str, version_id: &str) -> Result<Vec<u8>, String> {
    let got = client.get_object().bucket(BUCKET).key(key).version_id(version_id).send().await;
    match got {
        Ok(got) => Ok(got.body.collect().await.unwrap().to_vec()),
        refused => Err(code(refused).unwrap_or_default()),
    }
}

/// `(version id, is the latest, is a delete marker)` of a key, in no order.
async fn listed(client: &Client, key: &str) -> Vec<(String, bool, bool)> {
    let reply = client.list_object_versions().bucket(BUCKET).prefix(key).send().await.unwrap();
    let versions = reply.versions().iter().map(|it| (it.version_id(), it.is_latest(), false));
    let markers = reply.delete_markers().iter().map(|it| (it.version_id(), it.is_latest(), true));
    versions
        .chain(markers)
        .map(|(id, latest, marker)| (id.unwrap().to_owned(), latest.unwrap(), marker))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_write_makes_a_version_that_stays() {
    let (_cloud, client) = world().await;
    put(&client, "k", b"before").await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let first = put_version(&client, "k", b"first").await.unwrap();
    let second = put_version(&client, "k", b"second").await.unwrap();
    assert_eq!(get(&client, "k").await, b"second");
    assert_eq!(read(&client, "k", &first).await.unwrap(), b"first");
    assert_eq!(read(&client, "k", &second).await.unwrap(), b"second");
    assert_eq!(read(&client, "k", "null").await.unwrap(), b"before");
    let other: String = first.chars().rev().collect();
    assert_eq!(read(&client, "k", &other).await, Err("NoSuchVersion".to_owned()));
    assert_eq!(read(&client, "k", "no id").await, Err("InvalidArgument".to_owned()));
    let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(head.version_id(), Some(&*second));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_hides_and_its_removal_brings_back() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let first = put_version(&client, "k", b"first").await.unwrap();
    let deleted = client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap().to_owned();

    let refused = client.get_object().bucket(BUCKET).key("k").send().await;
    let Err(SdkError::ServiceError(refused)) = refused else { unreachable!("a deleted object was read") };
    let headers = refused.raw().headers();
    assert_eq!(
        (
            refused.raw().status().as_u16(),
            headers.get("x-amz-delete-marker"),
            headers.get("x-amz-version-id")
        ),
        (404, Some("true"), Some(&*marker))
    );
    assert_eq!(read(&client, "k", &marker).await, Err("MethodNotAllowed".to_owned()));
    assert_eq!(read(&client, "k", &first).await.unwrap(), b"first");
    let names = client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(names.key_count(), Some(0));

    let removed = client.delete_object().bucket(BUCKET).key("k").version_id(&marker).send().await.unwrap();
    assert_eq!((removed.delete_marker(), removed.version_id()), (Some(true), Some(&*marker)));
    assert_eq!(get(&client, "k").await, b"first");
    assert_eq!(listed(&client, "k").await, [(first, true, false)]);
}

#[tokio::test(start_paused = true)]
async fn conditions_are_about_the_current_version() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let write = || client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"x"));
    let first = put(&client, "k", b"first").await;
    let second = put(&client, "k", b"second").await;
    assert_eq!(code(write().if_match(&first).send().await).as_deref(), Some("PreconditionFailed"));
    assert_eq!(code(write().if_none_match("*").send().await).as_deref(), Some("PreconditionFailed"));
    client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
    // Behind a delete marker there is nothing to match.
    assert_eq!(code(write().if_match(&second).send().await).as_deref(), Some("NoSuchKey"));
    assert_eq!(code(write().if_none_match("*").send().await).as_deref(), Some("OK"));
}

#[tokio::test(start_paused = true)]
async fn of_two_uploads_the_one_that_started_last_is_current() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let begin = || async {
        let upload = client.create_multipart_upload().bucket(BUCKET).key("k").send().await.unwrap();
        upload.upload_id.unwrap()
    };
    let finish = async |id: &str, body: &'static [u8]| {
        let part = client.upload_part().bucket(BUCKET).key("k").upload_id(id).part_number(1);
        let part = part.body(ByteStream::from_static(body)).send().await.unwrap();
        let part = CompletedPart::builder().part_number(1).set_e_tag(part.e_tag).build();
        let parts = CompletedMultipartUpload::builder().parts(part).build();
        let complete = client.complete_multipart_upload().bucket(BUCKET).key("k").upload_id(id);
        complete.multipart_upload(parts).send().await.unwrap().version_id.unwrap()
    };
    let (older, newer) = (begin().await, begin().await);
    let newer = finish(&newer, b"newer").await;
    let older = finish(&older, b"older").await;
    assert_eq!(get(&client, "k").await, b"newer");
    assert_eq!(read(&client, "k", &older).await.unwrap(), b"older");
    let mut listed = listed(&client, "k").await;
    listed.sort_by_key(|(_, is_latest, _)| !is_latest);
    assert_eq!(listed, [(newer, true, false), (older, false, false)]);
}

#[tokio::test(start_paused = true)]
async fn tags_belong_to_a_version_and_do_not_make_one() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let first = put_version(&client, "k", b"first").await.unwrap();
    put(&client, "k", b"second").await;
    let tag = Tag::builder().key("a").value("1").build().unwrap();
    let tagging = Tagging::builder().tag_set(tag).build().unwrap();
    let request = client.put_object_tagging().bucket(BUCKET).key("k").version_id(&first);
    assert_eq!(request.tagging(tagging).send().await.unwrap().version_id(), Some(&*first));
    let tags =
        |id: Option<String>| client.get_object_tagging().bucket(BUCKET).key("k").set_version_id(id).send();
    assert_eq!(tags(Some(first.clone())).await.unwrap().tag_set().len(), 1);
    assert_eq!(tags(None).await.unwrap().tag_set().len(), 0);
    assert_eq!(listed(&client, "k").await.len(), 2);
    assert_eq!(get(&client, "k").await, b"second");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_with_a_delete_marker_is_not_empty() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let deleted = client.delete_object().bucket(BUCKET).key("never there").send().await.unwrap();
    let remove = || client.delete_bucket().bucket(BUCKET).send();
    assert_eq!(code(remove().await).as_deref(), Some("BucketNotEmpty"));
    let marker = ObjectIdentifier::builder().key("never there").version_id(deleted.version_id().unwrap());
    let delete = Delete::builder().objects(marker.build().unwrap()).build().unwrap();
    let reply = client.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!(reply.deleted()[0].delete_marker(), Some(true));
    assert_eq!(reply.deleted()[0].delete_marker_version_id(), deleted.version_id());
    assert_eq!(code(remove().await).as_deref(), Some("OK"));
}

/// What a step of the random history below does.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enable,
    Suspend,
    Put,
    Delete,
    /// The n-th version that there has been.
    DeleteVersion(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Enable),
        1 => Just(Step::Suspend),
        4 => Just(Step::Put),
        2 => Just(Step::Delete),
        2 => (0..12_usize).prop_map(Step::DeleteVersion),
    ]
}

/// A version as the model has it: its id, and its bytes unless it is a delete marker.
type Kept = (String, Option<Vec<u8>>);

/// What AWS says each step leaves, the newest last.
#[derive(Debug, Default)]
struct Model {
    versions: Vec<Kept>,
    status: Option<BucketVersioningStatus>,
}

impl Model {
    fn write(&mut self, id: Option<String>, body: Option<Vec<u8>>) {
        let id = id.unwrap_or_else(|| "null".to_owned());
        self.versions.retain(|(other, _)| *other != id);
        self.versions.push((id, body));
    }

    async fn step(&mut self, client: &Client, number: usize, step: Step, seen: &mut Vec<String>) {
        match step {
            Step::Enable | Step::Suspend => {
                let status = if matches!(step, Step::Enable) {
                    BucketVersioningStatus::Enabled
                } else {
                    BucketVersioningStatus::Suspended
                };
                switch(client, status.clone()).await;
                self.status = Some(status);
            }
            Step::Put => {
                let body = number.to_string().into_bytes();
                let id = put_version(client, "k", &body).await;
                assert_eq!(id.is_some(), self.status == Some(BucketVersioningStatus::Enabled));
                self.write(id, Some(body));
            }
            Step::Delete => {
                let reply = client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
                if self.status.is_some() {
                    assert_eq!(reply.delete_marker(), Some(true));
                    self.write(reply.version_id.filter(|id| id != "null"), None);
                } else {
                    self.versions.clear();
                }
            }
            Step::DeleteVersion(index) => {
                let Some(id) = seen.get(index) else { return };
                let delete = client.delete_object().bucket(BUCKET).key("k").version_id(id);
                delete.send().await.unwrap();
                self.versions.retain(|(other, _)| other != id);
            }
        }
        if let Some((id, _)) = self.versions.last()
            && !seen.contains(id)
        {
            seen.push(id.clone());
        }
    }

    async fn check(&self, client: &Client) {
        let current = client.get_object().bucket(BUCKET).key("k").send().await;
        match self.versions.last() {
            Some((_, Some(body))) => {
                assert_eq!(current.unwrap().body.collect().await.unwrap().to_vec(), *body);
            }
            _ => assert_eq!(code(current).as_deref(), Some("NoSuchKey")),
        }
        for (id, body) in &self.versions {
            let expected = body.clone().ok_or_else(|| "MethodNotAllowed".to_owned());
            assert_eq!(read(client, "k", id).await, expected);
        }
        let mut listed = listed(client, "k").await;
        listed.sort();
        let last = self.versions.last().map(|(id, _)| id);
        let expected = self.versions.iter().map(|(id, body)| (id.clone(), Some(id) == last, body.is_none()));
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        assert_eq!(listed, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_history_leaves_what_the_rules_say(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let (_cloud, client) = world().await;
            let (mut model, mut seen) = (Model::default(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                model.step(&client, number, step, &mut seen).await;
                model.check(&client).await;
            }
        });
    }
}
