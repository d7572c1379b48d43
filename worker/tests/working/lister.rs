//! A store whose ListParts says less than simcloud's: in short pages, or without checksums.

use std::fmt::Debug;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::yard::Yard;

/// How parts are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listing {
    OnePartAPage,
    NoChecksums,
}

impl Yard {
    /// From now on, workers see parts listed so.
    pub(crate) async fn list_parts(&mut self, listing: Listing) {
        let inner = self.world.access.http_client.take().unwrap();
        self.world.access.http_client = Some(SharedHttpClient::new(Lister { inner, listing }));
        self.world.config = self.world.access.load().await;
    }
}

#[derive(Debug)]
struct Lister<I> {
    inner: I,
    listing: Listing,
}

impl HttpClient for Lister<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Lister { inner, listing: self.listing })
    }
}

impl HttpConnector for Lister<SharedHttpConnector> {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let is_list_parts = request.method() == "GET" && request.uri().contains("uploadId=");
        if !is_list_parts {
            return self.inner.call(request);
        }
        match self.listing {
            Listing::OnePartAPage => {
                let uri = format!("{}&max-parts=1", request.uri());
                request.set_uri(uri).unwrap();
                self.inner.call(request)
            }
            Listing::NoChecksums => {
                let reply = self.inner.call(request);
                HttpConnectorFuture::new(async move { without_checksums(reply.await?).await })
            }
        }
    }
}

async fn without_checksums(mut reply: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(reply.body_mut(), SdkBody::taken());
    let text = ByteStream::new(body).collect().await.unwrap().to_vec();
    let mut text = String::from_utf8(text).unwrap();
    let (open, close) = ("<ChecksumCRC64NVME>", "</ChecksumCRC64NVME>");
    assert!(text.contains(open));
    while let Some((begin, end)) = text.find(open).zip(text.find(close)) {
        text.replace_range(begin..end + close.len(), "");
    }
    reply.headers_mut().remove("content-length");
    *reply.body_mut() = SdkBody::from(text);
    Ok(reply)
}
