//! A table's settings: UpdateTable, time to live, tags, and two descriptions that are always the same.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::create_table::{stream_view, tags, throughput};
use super::definition::{Definition, Settings};
use super::describe;
use super::refusal::{invalid, malformed, missing, validation};
use super::request::{Request, table_name_of};
use super::table::Table;

impl DynamoDb {
    /// Changes what does not touch items: throughput and billing mode, stream, encryption, class, deletion protection.
    pub(super) fn update_table(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        let on_demand =
            request.choice("BillingMode", &[("PROVISIONED", false), ("PAY_PER_REQUEST", true)])?;
        let throughput = throughput(&mut request)?;
        let stream = stream_view(&mut request)?;
        let encryption = request.take("SSESpecification");
        let class = request.text("TableClass")?;
        let deletion_protection = request.flag("DeletionProtectionEnabled")?;
        // With keys that the table already has, this says nothing new; without an index update no other key could come in.
        request.ignore("AttributeDefinitions");
        request.finish()?;
        if (on_demand == Some(true)) == throughput.is_some() && on_demand.is_some() {
            return Err(invalid(
                "ProvisionedThroughput must be given when BillingMode is PROVISIONED, and only then",
            ));
        }

        let table = self.table_named(&name)?;
        change(&table, |definition| {
            let settings = &mut definition.settings;
            if throughput.is_some() && on_demand.is_none() && settings.provisioned.is_none() {
                return Err(invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
                ));
            }
            if throughput.is_some() && settings.provisioned == throughput {
                return Err(validation(
                    "The provisioned throughput for the table will not change. The requested value equals the current value.",
                ));
            }
            if let Some(Some(_)) = &stream
                && settings.stream_view.is_some()
            {
                return Err(validation("Table already has an enabled stream"));
            }
            settings.provisioned = match on_demand {
                Some(true) => None,
                _ => throughput.or(settings.provisioned),
            };
            settings.stream_view = stream.unwrap_or_else(|| settings.stream_view.take());
            if let Some(encryption) = encryption {
                settings.encryption = Some(encryption).filter(|sse| sse["Enabled"] == true);
            }
            settings.table_class = class.or_else(|| settings.table_class.take());
            settings.deletion_protection = deletion_protection.unwrap_or(settings.deletion_protection);
            Ok(())
        })?;
        Ok(json!({ "TableDescription": self.describe(&table.read(), "ACTIVE") }))
    }

    pub(super) fn update_time_to_live(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        let specification = request.take_required("TimeToLiveSpecification")?;
        request.finish()?;
        let mut ttl = Request::new("TimeToLiveSpecification", specification.clone())?;
        let attribute = ttl.required_text("AttributeName")?;
        let enabled = ttl.flag("Enabled")?.ok_or_else(|| missing("Enabled"))?;
        ttl.finish()?;

        change(&*self.table(&name)?, |definition| {
            let current = &mut definition.settings.ttl_attribute;
            match (enabled, current.as_deref()) {
                (true, Some(_)) => return Err(validation("TimeToLive is already enabled")),
                (false, None) => return Err(validation("TimeToLive is already disabled")),
                (false, Some(other)) if other != attribute => {
                    return Err(validation(format!(
                        "TimeToLive is active on a different AttributeName: current AttributeName is {other}"
                    )));
                }
                (true, None) => *current = Some(attribute),
                (false, Some(_)) => *current = None,
            }
            Ok(())
        })?;
        Ok(json!({ "TimeToLiveSpecification": specification }))
    }

    pub(super) fn describe_time_to_live(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        request.finish()?;
        let table = self.table_named(&name)?;
        let description = match &table.read().definition.settings.ttl_attribute {
            Some(attribute) => json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": attribute }),
            None => json!({ "TimeToLiveStatus": "DISABLED" }),
        };
        Ok(json!({ "TimeToLiveDescription": description }))
    }

    pub(super) fn tag_resource(&self, mut request: Request) -> ApiResult {
        let table = self.resource(&mut request)?;
        let added = tags(request.list("Tags")?.ok_or_else(|| missing("Tags"))?)?;
        request.finish()?;
        change(&table, |definition| {
            definition.settings.tags.extend(added);
            Ok(())
        })?;
        Ok(json!({}))
    }

    pub(super) fn untag_resource(&self, mut request: Request) -> ApiResult {
        let table = self.resource(&mut request)?;
        let keys = request.list("TagKeys")?.ok_or_else(|| missing("TagKeys"))?;
        request.finish()?;
        if !keys.iter().all(Value::is_string) {
            return Err(malformed("TagKeys", "a list of strings"));
        }
        change(&table, |definition| {
            let Settings { tags, .. } = &mut definition.settings;
            tags.retain(|key, _| !keys.iter().any(|removed| removed == key));
            Ok(())
        })?;
        Ok(json!({}))
    }

    pub(super) fn list_tags_of_resource(&self, mut request: Request) -> ApiResult {
        let table = self.resource(&mut request)?;
        // All of them fit into one page: a table has at most 50.
        request.ignore("NextToken");
        request.finish()?;
        let contents = table.read();
        Ok(json!({ "Tags": describe::tags(contents.definition.settings.tags.iter()) }))
    }

    pub(super) fn describe_continuous_backups(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        request.finish()?;
        self.table_named(&name)?;
        Ok(json!({ "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
        } }))
    }

    pub(super) fn describe_endpoints(&self, request: Request) -> ApiResult {
        request.finish()?;
        let address = format!("dynamodb.{}.amazonaws.com", self.region);
        Ok(json!({ "Endpoints": [{ "Address": address, "CachePeriodInMinutes": 1440 }] }))
    }

    /// The table that `ResourceArn` names.
    fn resource(&self, request: &mut Request) -> Result<Arc<Table>, ApiError> {
        let arn = request.required_text("ResourceArn")?;
        let tables = self.tables_ref();
        tables.get(&table_name_of(arn.clone())).cloned().ok_or_else(|| {
            ApiError::bad(
                "ResourceNotFoundException",
                format!("Requested resource not found: ResourcArn: {arn} not found"),
            )
        })
    }
}

/// Replaces a table's definition by a changed one, unless the change is refused.
fn change(
    table: &Table,
    change: impl FnOnce(&mut Definition) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut contents = table.write();
    change(Arc::make_mut(&mut contents.definition))
}
