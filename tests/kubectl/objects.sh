# Every other command on objects of our own.

pod_manifest() { # name command
  printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","labels":{"app":"%s"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"x","command":["/bin/sh","-c","%s"]}]}}' "$1" "$1" "$2"
}

section_asking() {
  says "version" 'Server Version: .*v1\.20\.' k version
  says "cluster-info" 'is running at .*http://127.0.0.1:' k cluster-info
  says "api-versions" '^apps/v1$' k api-versions
  says "api-resources: deployments" '^deployments +deploy +apps/v1 +true +Deployment$' k api-resources
  says "api-resources: pods" '^pods +po +v1 +true +Pod$' k api-resources
  says "get namespaces" '^default +Active ' k get namespaces
  says "get nodes" ' +Ready +.*v' k get nodes
  says "get nodes -o wide" 'reeve://' k get nodes -o wide
  says "describe node: ready" '^ +Ready +True ' k describe node
  says "describe node: capacity" '^ +memory: +[0-9]+Ki$' k describe node
  says "describe node: its pods" '^Non-terminated Pods: ' k describe node
  says "get --raw /healthz" '^ok$' k get --raw /healthz
  says "get --raw /readyz" '^ok$' k get --raw /readyz
  refuses "an unknown type" "doesn't have a resource type \"widgets\"" k get widgets
  refuses "an unknown name" 'Error from server \(NotFound\): pods "none" not found' k -n default get pod none
  says "nothing there" '^No resources found in asking namespace\.$' k get pods
}

section_pods() {
  seen=$scratch/pods.watch
  watch_pods "$seen"
  pod_manifest one 'echo out; echo err >&2; exec sleep 1000' >"$scratch/one.json"
  says "create -f" '^pod/one created$' k create -f "$scratch/one.json"
  refuses "create again" 'Error from server \(AlreadyExists\).*pods "one" already exists' k create -f "$scratch/one.json"
  check "wait --for=condition" k wait --for=condition=Ready pod/one --timeout=60s
  says "get" '^one +1/1 +Running +0 ' k get pod one
  says "get -o wide" '^one +1/1 +Running +0 +[^ ]+ +127\.[0-9.]+ +[^ ]+ +<none> +<none>$' k get pod one -o wide
  says "get -o name" '^pod/one$' k get pods -o name
  says "get -o jsonpath" '^Running$' k get pod one -o 'jsonpath={.status.phase}'
  says "get -o custom-columns" '^one +x$' k get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image
  says "get -o yaml" '^ +phase: Running$' k get pod one -o yaml
  says "get -o json" '"phase": "Running"' k get pod one -o json
  says "get -l" '^pod/one$' k get pods -l app=one -o name
  says "get --field-selector" '^pod/one$' k get pods --field-selector=status.phase=Running -o name
  says "get --show-labels" 'app=one$' k get pods --show-labels
  await "logs" '^err$' k logs one
  await "logs -c" '^out$' k logs one -c main
  refuses "logs -c of nobody" 'container other is not valid for pod one' k logs one -c other
  says "logs --tail" '^1$' lines k logs one --tail=1
  says "logs --since" '^2$' lines k logs one --since=1h
  says "logs --timestamps" '^20[0-9-]+T[0-9:.]+Z out$' k logs one --timestamps
  says "label" '^pod/one labeled$' k label pod one tier=front
  says "annotate" '^pod/one annotated$' k annotate pod one note=here
  says "neither restarts it" '^one 0 front here$' k get pod one \
    -o 'jsonpath={.metadata.name} {.status.containerStatuses[0].restartCount} {.metadata.labels.tier} {.metadata.annotations.note}'
  says "describe" '^Labels: +app=one$' k describe pod one
  says "describe: events" '^ +Normal +Started .* kubelet ' k describe pod one
  says "get events" 'pod/one +Container started' k get events
  await "get -w" '^one +1/1 +Running ' cat "$seen"
  says "expose" '^service/one exposed$' k expose pod one --port=80 --target-port=8080
  says "an endpoint" '127\.[0-9.]+:8080' k get endpoints one
  says "describe service" '^Endpoints: +127\.[0-9.]+:8080$' k describe service one
  check "a label more selects no more" k patch service one -p '{"spec":{"selector":{"tier":"back"}}}'
  await "no endpoint" '^one +<none> ' k get endpoints one
  check "relabelled" k label pod one tier=back --overwrite
  await "an endpoint again" '127\.[0-9.]+:8080' k get endpoints one
  says "delete --dry-run=server" '^pod "one" deleted \(server dry run\)' k delete pod one --dry-run=server
  check "it is there" k get pod one
  says "delete --grace-period" '^pod "one" deleted' k delete pod one --grace-period=1
  refuses "it is gone" NotFound k get pod one
  says "run" '^pod/two created$' k run two --image=x --restart=Never --labels=app=two -- /bin/sh -c 'echo first; exit 3'
  await "its end" '^two +0/1 +Error +0 ' k get pods
  await "logs of a dead one" '^first$' k logs two
  says "run again" '^pod/three created$' k run three --image=x --labels=app=three -- /bin/sh -c 'echo run; sleep 0.5; exit 1'
  await "logs -p" '^run$' k logs three -p
  pod_manifest four 'while :; do echo tick; sleep 0.2; done' | k create -f - >/dev/null
  check "wait for the fourth" k wait --for=condition=Ready pod/four --timeout=60s
  says "logs -f until it is deleted" '^tick$' followed_logs
  says "delete -l" '^pod "two" deleted' k delete pod -l app=two
  says "delete --all" '^pod "three" deleted' k delete pods --all --grace-period=1
  says "all are gone" '^No resources found' k get pods
}

followed_logs() {
  k logs -f four --tail=1 >"$scratch/followed" &
  local follower=$!
  for _ in $(seq 100); do [ "$(grep -c . "$scratch/followed")" -ge 3 ] && break; sleep 0.2; done
  k delete pod four --grace-period=1 >/dev/null
  wait $follower
  cat "$scratch/followed"
}

web_manifest() {
  cat <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: ${1:-2}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - { name: main, image: "x:1", command: [sleep, "1000"], resources: { limits: { cpu: 500m, memory: 64Mi } } }
EOF
}
# Its status may change in between.
replace_web() { k get deployment web -o json >"$scratch/web.json"; k replace -f "$scratch/web.json"; }
cpu_limit() { k get "$1" -o 'jsonpath={..resources.limits.cpu}'; }

section_deployments() {
  web_manifest >"$scratch/web.yaml"
  says "apply" '^deployment.apps/web created$' k apply -f "$scratch/web.yaml"
  says "what has no effect is told" 'FieldNotServed .*resources: kept without effect' k describe deployment web
  says "and kept" '500m' cpu_limit deployment/web
  says "apply again" '^deployment.apps/web unchanged$' k apply -f "$scratch/web.yaml"
  await "diff of nothing" '^0$' lines k diff -f "$scratch/web.yaml"
  web_manifest 3 >"$scratch/web3.yaml"
  refuses "diff" '^\+ +replicas: 3$' k diff -f "$scratch/web3.yaml"
  says "apply --dry-run=server" 'configured \(server dry run\)' k apply --dry-run=server -f "$scratch/web3.yaml"
  says "nothing came of it" '^2$' k get deployment web -o 'jsonpath={.spec.replicas}'
  says "rollout status" 'successfully rolled out' k rollout status deployment/web
  says "get" '^web +2/2 +2 +2 ' k get deployment web
  says "get all" '^replicaset.apps/web-' k get all
  says "get -o wide" ' main +x:1 +app=web$' k get deployment web -o wide
  says "replica sets" '^web-[0-9a-z]+ +2 +2 +2 ' k get rs
  says "their pods keep it too" '500m' cpu_limit "$(k get pods -o name | head -1)"
  says "describe" '^NewReplicaSet: +web-[0-9a-z]+ \(2/2 replicas created\)$' k describe deployment web
  says "scale" '^deployment.apps/web scaled$' k scale deployment web --replicas=4
  check "wait for it" k wait --for=condition=Available deployment/web --timeout=60s
  await "four" '^web +4/4 ' k get deployment web
  refuses "scale --current-replicas" 'Expected replicas to be 9, was 4' k scale deployment web --current-replicas=9 --replicas=1
  says "set image" '^deployment.apps/web image updated$' k set image deployment/web main=x:2
  says "set env" '^deployment.apps/web env updated$' k set env deployment/web A=1 B=2
  says "set env --list" '^A=1$' k set env deployment/web --list
  says "patch: strategic" '^deployment.apps/web patched$' k patch deployment web \
    -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"x:3"}]}}}}'
  says "patch: merge" '^deployment.apps/web patched$' k patch deployment web --type=merge -p '{"spec":{"minReadySeconds":1}}'
  says "patch: json" '^deployment.apps/web patched$' k patch deployment web --type=json \
    -p '[{"op":"replace","path":"/spec/replicas","value":2}]'
  await "patch of nothing" 'patched \(no change\)' k patch deployment web -p '{"spec":{"replicas":2}}'
  says "all of it is there" '^x:3 1 2 1 500m$' k get deployment web \
    -o 'jsonpath={..image} {.spec.minReadySeconds} {.spec.replicas} {..env[0].value} {..resources.limits.cpu}'
  says "edit" '^deployment.apps/web edited$' env EDITOR='sed -i s/minReadySeconds:.1/minReadySeconds:\ 0/' "$kubectl" -n "$space" edit deployment web
  says "edit changed it" '^0?$' k get deployment web -o 'jsonpath={.spec.minReadySeconds}'
  says "pause" '^deployment.apps/web paused$' k rollout pause deployment/web
  refuses "pause again" 'is already paused' k rollout pause deployment/web
  says "resume" '^deployment.apps/web resumed$' k rollout resume deployment/web
  says "restart" '^deployment.apps/web restarted$' k rollout restart deployment/web
  says "rolled out" 'successfully rolled out' k rollout status deployment/web
  says "history" '^4 ' k rollout history deployment/web
  says "undo --to-revision" '^deployment.apps/web rolled back$' k rollout undo deployment/web --to-revision=1
  says "the first image is back" '^x:1$' k get deployment web -o 'jsonpath={..image}'
  says "and what it kept" '500m' cpu_limit deployment/web
  refuses "undo to what is not" 'unable to find specified revision 99 in history' k rollout undo deployment/web --to-revision=99
  says "label" '^deployment.apps/web labeled$' k label deployment web tier=front
  says "annotate" '^deployment.apps/web annotated$' k annotate deployment web note=here
  says "expose" '^service/web exposed$' k expose deployment web --port=80 --target-port=8080 --type=NodePort
  says "describe service" '^NodePort: +<unset> +3[0-9]+/TCP$' k describe service web
  k get deployment web -o json >"$scratch/web.json"
  k annotate deployment web note=there --overwrite >/dev/null
  refuses "replace of an old version" 'Error from server \(Conflict\).*the object has been modified' k replace -f "$scratch/web.json"
  await "replace" '^deployment.apps/web replaced$' replace_web
  refuses "what cannot be" 'The Deployment "web" is invalid: .*spec.template.spec.containers\[0\].image|spec.replicas.*must be greater' \
    k patch deployment web -p '{"spec":{"replicas":-1}}'
  refuses "another selector" 'field is immutable' k patch deployment web \
    -p '{"spec":{"selector":{"matchLabels":{"app":"other"}},"template":{"metadata":{"labels":{"app":"other"}}}}}'
  refuses "what would run otherwise" 'securityContext: Forbidden: it would run with other rights' k patch deployment web \
    -p '{"spec":{"template":{"spec":{"securityContext":{"runAsUser":1000}}}}}'
  refuses "a field that nobody knows" 'replicsa' k patch deployment web -p '{"spec":{"replicsa":1}}'
  says "get --chunk-size" '^[2-9]$' lines k get pods -o name --chunk-size=1
  says "delete" '^deployment.apps "web" deleted' k delete deployment web
  await "its pods leave" '^0$' lines k get pods --no-headers --ignore-not-found
  says "create deployment" '^deployment.apps/made created$' k create deployment made --image=x
  check "delete several types" k delete deployment,service --all
  says "all are gone" '^No resources found' k get deployments,services
}

section_convert() {
  cat >"$scratch/own.toml" <<EOF
[deployment.own]
namespace = "convert"
replicas = 2
image = "x"
command = ["sleep", "1000"]
network = "isolated"
drainSeconds = 0.5
terminationGracePeriodSeconds = 3
[deployment.own.readinessProbe]
exec = { command = ["true"] }
periodSeconds = 0.25
EOF
  "$out/reeve" convert -f "$scratch/own.toml" -o yaml >"$scratch/own.yaml"
  says "apply what convert wrote" '^deployment.apps/own created$' k apply -f "$scratch/own.yaml"
  says "rollout status" 'successfully rolled out' k rollout status deployment/own
  says "what Kubernetes has no word for" '^isolated 1 .*"periodSeconds":2.5E-1' k get deployment own -o \
    'jsonpath={.spec.template.spec.network} {..readinessProbe.periodSeconds} {.spec.template.metadata.annotations.reeve\.dev/containers}'
  says "reeve has it exactly" 'period=0.25s' "$out/reeve" describe -n convert deployment own
  says "kubectl describe" 'period=1s' k describe deployment own
  says "a change of something else" patched k patch deployment own -p '{"spec":{"replicas":1}}'
  says "leaves it" '"periodSeconds": ?(0.25|2.5E-1)' "$out/reeve" get -n convert deployment own -o json
  says "another value" patched k patch deployment own --type=json \
    -p '[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/periodSeconds","value":2}]'
  says "is meant" 'period=2s' "$out/reeve" describe -n convert deployment own
  "$out/reeve" convert -f "$scratch/own.yaml" -o toml >"$scratch/back.toml"
  "$out/reeve" convert -f "$scratch/back.toml" -o yaml >"$scratch/back.yaml"
  check "there and back" cmp "$scratch/own.yaml" "$scratch/back.yaml"
  check "delete" k delete deployment own
}
