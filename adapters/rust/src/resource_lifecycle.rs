//! 4.B, Resource Lifecycle Pattern.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::json::{object, Json};
use crate::runtime::RwLock;
use crate::world::{function, Bound, Calling, Failure};

// The sample. `#[async_trait]` makes of each method one that returns a boxed future: that is written out here. A resource is named
// by its id where the sample logs, and nothing more is done with what cleaning up says.

type Answer<T> = Pin<Box<dyn Future<Output = T>>>;
type ResourceId = String;

pub trait ManagedResource {
    fn initialize(&self) -> Answer<Result<(), ResourceError>>;
    #[allow(dead_code)] // the sample's manager never asks
    fn is_healthy(&self) -> Answer<bool>;
    fn cleanup(&self) -> Answer<Result<(), ResourceError>>;

    /// For whoever tells resources apart on the other side of the binding.
    fn name(&self) -> String;
}

#[derive(Debug)]
pub enum ResourceError {
    NotFound(ResourceId),
    Resource(Failure),
}

pub struct ResourceManager {
    resources: RwLock<HashMap<ResourceId, Arc<dyn ManagedResource>>>,
}

impl ResourceManager {
    pub async fn register<R>(&self, id: ResourceId, resource: R) -> Result<(), ResourceError>
    where
        R: ManagedResource + 'static,
    {
        let resource = Arc::new(resource);

        // Initialize the resource
        resource.initialize().await?;

        // Store in resources map
        let mut resources = self.resources.write().await;
        resources.insert(id, resource);

        Ok(())
    }

    pub async fn get(&self, id: &ResourceId) -> Result<Arc<dyn ManagedResource>, ResourceError> {
        let resources = self.resources.read().await;

        resources.get(id).cloned().ok_or_else(|| ResourceError::NotFound(id.clone()))
    }

    pub async fn cleanup_all(&self) -> Result<(), ResourceError> {
        let resources = self.resources.read().await;

        for (id, resource) in resources.iter() {
            if let Err(e) = resource.cleanup().await {
                eprintln!("Failed to clean up resource {id}: {e:?}");
            }
        }

        Ok(())
    }
}

// Behind the binding.

struct KitResource(String);

impl KitResource {
    fn run(&self, method: &'static str) -> Answer<Result<Json, Failure>> {
        Box::pin(function(&self.0, method, vec![]))
    }
}

impl ManagedResource for KitResource {
    fn initialize(&self) -> Answer<Result<(), ResourceError>> {
        let run = self.run("initialize");
        Box::pin(async { run.await.map(|_| ()).map_err(ResourceError::Resource) })
    }

    fn is_healthy(&self) -> Answer<bool> {
        let run = self.run("is_healthy");
        Box::pin(async { matches!(run.await, Ok(Json::Bool(true))) })
    }

    fn cleanup(&self) -> Answer<Result<(), ResourceError>> {
        let run = self.run("cleanup");
        Box::pin(async { run.await.map(|_| ()).map_err(ResourceError::Resource) })
    }

    fn name(&self) -> String {
        self.0.clone()
    }
}

struct BoundManager(Rc<ResourceManager>);

pub fn make(message: &Json) -> Result<Rc<dyn Bound>, Failure> {
    let settings = message.get("settings");
    for name in ["initialize_timeout", "cleanup_timeout", "health_timeout"] {
        if !settings.get(name).is_null() {
            return Err(Failure::unsupported(name));
        }
    }
    if settings.get("restarts").number() > 0.0 || *settings.get("replace") == Json::Bool(true) {
        return Err(Failure::unsupported("restarts"));
    }
    Ok(Rc::new(BoundManager(Rc::new(ResourceManager { resources: RwLock::new(HashMap::new()) }))))
}

impl Bound for BoundManager {
    fn plain(&self, _: &str, _: &Json) -> Option<Result<Json, Failure>> {
        None
    }

    fn call(&self, method: &str, message: &Json) -> Option<Calling> {
        let manager = self.0.clone();
        let (id, resource) = (message.get("id").text().to_string(), message.get("resource").text().to_string());
        Some(match method {
            "register" => {
                Box::pin(async move { manager.register(id, KitResource(resource)).await.map(|()| Json::Null).map_err(told) })
            }
            "get" => Box::pin(async move {
                let found = manager.get(&id).await.map_err(told)?;
                Ok(object([("resource", found.name().as_str().into())]))
            }),
            "cleanup_all" => Box::pin(async move { manager.cleanup_all().await.map(|()| Json::Null).map_err(told) }),
            _ => Box::pin(async { Err(Failure::unsupported("this method")) }),
        })
    }
}

fn told(error: ResourceError) -> Failure {
    match error {
        ResourceError::NotFound(id) => Failure::Word(object([("outcome", "missing".into()), ("what", id.as_str().into())])),
        ResourceError::Resource(failure) => failure,
    }
}
