//! Whom an upload belongs to, as the index and the item say it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use common::fault::Class;
use common::ledger::{Owner, Status, Uploads};
use topology::TABLE;

use crate::ledger_bench::{Bench, Write};

fn uploads(bench: &Bench, table: &str) -> Uploads {
    Uploads::new(bench.world.dynamodb(), table)
}

/// Who owns what [`Write::NoteUpload`] notes.
async fn owners(bench: &Bench) -> Vec<Owner> {
    uploads(bench, TABLE).owners("upload-1").await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_an_owner_from_its_note_to_the_end_of_its_transfer() {
    for end in Write::TERMINAL {
        let bench = Bench::claimed("a").await;
        assert_eq!(owners(&bench).await, []);
        Write::NoteUpload.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
        let stamp = bench.world.clock.stamp();
        let owner = |status| Owner {
            transfer: bench.transfer.id.clone(),
            status,
            upload_id: Some("upload-1".to_owned()),
            updated: Some(stamp.clone()),
        };
        assert_eq!(owners(&bench).await, [owner(Status::Processing)]);
        Write::Release.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
        assert_eq!(owners(&bench).await, [owner(Status::Queued)]);
        assert_eq!(bench.fence("b").await, 2);
        end.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
        assert_eq!(owners(&bench).await, [], "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_upload_has_another_owner_or_none() {
    let bench = Bench::claimed("a").await;
    Write::NoteUpload.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    assert_eq!(uploads(&bench, TABLE).owners("upload-2").await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_table_without_the_index_is_told_from_one_without_uploads() {
    let bench = Bench::empty().await;
    assert_eq!(uploads(&bench, TABLE).check().await, Ok(()));
    let key = KeySchemaElement::builder().attribute_name("file_id").key_type(KeyType::Hash).build();
    let definition = AttributeDefinition::builder()
        .attribute_name("file_id")
        .attribute_type(ScalarAttributeType::S)
        .build();
    let bare = bench.world.dynamodb().create_table().table_name("Bare");
    let bare = bare.billing_mode(BillingMode::PayPerRequest).key_schema(key.unwrap());
    bare.attribute_definitions(definition.unwrap()).send().await.unwrap();
    let fault = uploads(&bench, "Bare").check().await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_str()), (Class::Missing, "NoIndex"));
    assert!(uploads(&bench, "Bare").owners("upload-1").await.is_err());
    let fault = uploads(&bench, "Nope").check().await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_str()), (Class::Missing, "ResourceNotFoundException"));
}
