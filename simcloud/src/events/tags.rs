//! Tags of rules: TagResource, UntagResource, ListTagsForResource.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::EventBus;
use super::errors::validation;
use crate::api::{ApiError, ApiResult};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

impl Tag {
    pub(super) fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UntagResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(rename = "TagKeys")]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ListTagsForResource {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
}

impl EventBus {
    pub(super) fn tag_resource(&self, request: TagResource) -> ApiResult {
        let name = self.name_of_rule_arn(&request.resource_arn)?;
        self.change_rule(name, |rule| rule.tags.extend(request.tags.into_iter().map(Tag::into_pair)))?;
        Ok(json!({}))
    }

    pub(super) fn untag_resource(&self, request: &UntagResource) -> ApiResult {
        let name = self.name_of_rule_arn(&request.resource_arn)?;
        self.change_rule(name, |rule| rule.tags.retain(|key, _| !request.tag_keys.contains(key)))?;
        Ok(json!({}))
    }

    pub(super) fn list_tags_for_resource(&self, request: &ListTagsForResource) -> ApiResult {
        let name = self.name_of_rule_arn(&request.resource_arn)?;
        let rule = self.rule(name)?;
        let tags =
            rule.settings.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
        Ok(json!({"Tags": tags.collect::<Vec<_>>()}))
    }

    /// The name in the ARN of a rule of the default bus, with or without the bus in it.
    fn name_of_rule_arn<'a>(&self, arn: &'a str) -> Result<&'a str, ApiError> {
        let name = arn.strip_prefix(&self.rule_arn(""));
        name.map(|name| name.strip_prefix("default/").unwrap_or(name))
            .ok_or_else(|| validation(format!("Parameter ResourceARN is not valid: {arn}.")))
    }
}
