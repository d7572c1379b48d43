//! The faults that one request meets, applied in three places: before the service, to the request, to the response.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use s3s::Body;

use super::body;
use super::effect::Effect;
use super::trickle::trickle;
use crate::front::{Refusal, Service, Severed, refuse};

/// The effects on one request; mostly none.
#[derive(Debug, Default)]
pub(crate) struct Firing {
    effects: Vec<Effect>,
}

/// What stands in for a service that was not asked.
#[derive(Debug, Clone)]
pub(crate) enum Substitute {
    Error(Refusal),
    OkWithErrorBody,
    EmptyOk,
    /// Not the service's, so nothing of the service is added to it.
    Foreign(Foreign),
}

/// An answer of somebody between the client and the service.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    status: StatusCode,
    content_type: String,
    body: String,
}

impl Firing {
    pub(super) fn new(effects: Vec<Effect>) -> Self {
        Self { effects }
    }

    /// With more effects, after those that it has.
    pub(crate) fn and(mut self, effects: Vec<Effect>) -> Self {
        self.effects.extend(effects);
        self
    }

    #[cfg(test)]
    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Waits as long as delays and gates say; then the answer in the service's stead, if a fault has one.
    pub(crate) async fn before(&self) -> Result<Option<Substitute>, Severed> {
        for effect in &self.effects {
            match effect {
                Effect::Hold(latch) | Effect::AppliedLate(latch) => latch.pass().await,
                Effect::Delay(delay) => tokio::time::sleep(*delay).await,
                Effect::DropBefore => return Err(Severed),
                Effect::Respond { status, code, message } => {
                    return Ok(Some(Substitute::Error(error(*status, code, message))));
                }
                Effect::OkWithErrorBody => return Ok(Some(Substitute::OkWithErrorBody)),
                Effect::EmptyOk => return Ok(Some(Substitute::EmptyOk)),
                Effect::Intercept { status, content_type, body } => {
                    return Ok(Some(Substitute::Foreign(Foreign::new(*status, content_type, body))));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether the service receives the whole request before it waits.
    pub(crate) fn is_received_first(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::AppliedLate(_)))
    }

    /// `substitute` as `service` words it.
    pub(crate) fn refuse(&self, service: Service, substitute: &Substitute) -> Response<Body> {
        match substitute {
            Substitute::Error(refusal) => refuse(service, refusal),
            Substitute::OkWithErrorBody => ok_with_error_body(service),
            Substitute::EmptyOk => Response::new(Body::empty()),
            Substitute::Foreign(foreign) => foreign.answer(),
        }
    }

    /// A buffered request body with its flipped bytes.
    pub(crate) fn alter_request_bytes(&self, bytes: Bytes) -> Bytes {
        self.request_flips().fold(bytes, |bytes, at| {
            let mut changed = bytes.to_vec();
            match usize::try_from(at).ok().and_then(|at| changed.get_mut(at)) {
                Some(byte) => {
                    *byte ^= 1;
                    Bytes::from(changed)
                }
                None => bytes,
            }
        })
    }

    /// A streaming request body with its flipped bytes, at the rate at which it is read.
    pub(crate) fn alter_request_body(&self, body: Body) -> Body {
        let body = self.request_flips().fold(body, body::flip);
        self.effects.iter().fold(body, |body, effect| match effect {
            Effect::TrickleRequest { bytes_per_second } => trickle(body, *bytes_per_second),
            _ => body,
        })
    }

    /// The places of a batch's entries that fail, as bits.
    pub(crate) fn failed_places(&self) -> u64 {
        self.effects.iter().fold(0, |places, effect| match effect {
            Effect::FailEntries { places: more } => places | more,
            _ => places,
        })
    }

    fn request_flips(&self) -> impl Iterator<Item = u64> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::FlipRequestByte { at } => Some(*at),
            _ => None,
        })
    }

    /// What becomes of the service's answer.
    pub(crate) async fn after(
        &self,
        service: Service,
        mut response: Response<Body>,
    ) -> Result<Response<Body>, Severed> {
        for effect in &self.effects {
            response = match effect {
                Effect::DropAfter => return Err(Severed),
                Effect::DelayAnswer(delay) => {
                    tokio::time::sleep(*delay).await;
                    response
                }
                Effect::RespondAfter { status, code, message } => {
                    refuse(service, &error(*status, code, message))
                }
                Effect::OkWithErrorBodyAfter => ok_with_error_body(service),
                Effect::EmptyOkAfter => Response::new(Body::empty()),
                Effect::InterceptAfter { status, content_type, body } => {
                    Foreign::new(*status, content_type, body).answer()
                }
                Effect::TruncateBody { after_bytes } => {
                    response.map(|body| body::truncate(body, *after_bytes))
                }
                Effect::StallBody { after_bytes } => response.map(|body| body::stall(body, *after_bytes)),
                Effect::FlipByte { at } => response.map(|body| body::flip(body, *at)),
                Effect::ResponseHeader { name, value } => with_header(response, name, value),
                Effect::Trickle { bytes_per_second } => response.map(|body| trickle(body, *bytes_per_second)),
                _ => response,
            };
        }
        Ok(response)
    }
}

fn error(status: u16, code: &str, message: &str) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Refusal::new(status, code.to_owned(), message)
}

impl Foreign {
    fn new(status: u16, content_type: &str, body: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Self { status, content_type: content_type.to_owned(), body: body.to_owned() }
    }

    fn answer(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        if let Ok(content_type) = HeaderValue::try_from(&self.content_type) {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        if self.status.is_redirection() {
            let elsewhere = HeaderValue::from_static("http://portal.invalid/");
            response.headers_mut().insert(header::LOCATION, elsewhere);
        }
        response
    }
}

fn with_header(mut response: Response<Body>, name: &str, value: &[u8]) -> Response<Body> {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn ok_with_error_body(service: Service) -> Response<Body> {
    let refusal = error(200, "InternalError", "We encountered an internal error. Please try again.");
    let mut response = refuse(service, &refusal);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
