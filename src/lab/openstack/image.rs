//! Glance.

use super::reply::{Answer, Reply};
use super::server::Call;
use super::volume_view;
use http::Method;
use serde_json::Value;

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    match (&call.request.method, path) {
        (&Method::GET, ["images"]) => list(call),
        (&Method::GET, ["images", id]) => {
            all(call).into_iter().find(|image| image["id"] == *id).map(Reply::ok).ok_or_else(|| missing(id))
        }
        (&Method::DELETE, ["images", id]) => {
            let was_there = call.change(|_, cloud| {
                let before = cloud.images.len();
                cloud.images.retain(|image| image.id != *id);
                before != cloud.images.len()
            });
            if was_there { Ok(Reply::empty(204)) } else { Err(missing(id)) }
        }
        _ => Err(Reply::glance(404, "Not Found", "The resource could not be found.")),
    }
}

fn missing(id: &str) -> Reply {
    Reply::glance(404, "Not Found", format!("Failed to find image {id}"))
}

fn all(call: &Call<'_>) -> Vec<Value> {
    call.read(|inventory, cloud| {
        cloud.images.iter().map(|image| volume_view::image(call, (inventory, cloud), image)).collect()
    })
}

fn list(call: &Call<'_>) -> Answer {
    let mut images = all(call);
    for key in ["name", "owner", "status", "visibility"] {
        if let Some(wanted) = call.request.asks(key).filter(|wanted| *wanted != "all") {
            images.retain(|image| image[key] == wanted);
        }
    }
    Ok(Reply::ok(call.request.page("images", images)?))
}
