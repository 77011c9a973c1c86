# The manifests of the documents that reeve follows, applied as they are.

section_healthcheck() {
  seen=$scratch/healthcheck.watch
  watch_pods "$seen"
  check "apply healthcheck.yml" k apply -f "$data/manifests/healthcheck.yml"
  says "apply again" '^pod/healthcheck unchanged$' k apply -f "$data/manifests/healthcheck.yml"
  await "runs" '^healthcheck +1/1 +Running +0 ' cat "$seen"
  await "restarted at once after its first end" '^healthcheck +1/1 +Running +1 \(' cat "$seen"
  await "then it waits" '^healthcheck +0/1 +CrashLoopBackOff +1 \(' cat "$seen"
  await "describe says which wait" '^  Warning +BackOff .* kubelet +.*Back-off restarting failed container healthcheck' \
    k describe pod healthcheck
  await "restarts are counted" '^healthcheck +1/1 +Running +2 \(' cat "$seen"
  says "describe: last state" '^ +Reason: +Error$' k describe pod healthcheck
  check "delete -f" k delete --grace-period=1 -f "$data/manifests/healthcheck.yml"
}

section_liveness() {
  check "apply liveness.yml" k apply -f "$data/manifests/liveness.yml"
  await "runs and is ready" '^liveness +1/1 +Running +0 ' k get pods
  await "three failures are one line" \
    '^  Warning +Unhealthy +.*\(x3 over [0-9]+s\) .*Liveness probe failed: cat: .*No such file or directory' \
    k describe pod liveness
  await "then it is killed" '^  Normal +Killing .*Container liveness failed liveness probe, will be restarted' \
    k describe pod liveness
  await "and restarted" '^liveness +1/1 +Running +1 \(' k get pods
  says "describe: the probe" '^ +Liveness: +exec \[cat /tmp/healthy\] delay=10s timeout=1s period=5s #success=1 #failure=3' \
    k describe pod liveness
  check "delete" k delete pod liveness --grace-period=1
}

# READY as it changed.
ready_words() { awk '$3 == "Running" { print $2 }' "$1" | uniq | tr '\n' ' '; echo; }

section_readiness() {
  seen=$scratch/readiness.watch
  watch_pods "$seen"
  check "apply readiness.yml" k apply -f "$data/manifests/readiness.yml"
  await "unready, ready by its probe, unready after three failures" '^0/1 1/1 0/1 $' ready_words "$seen"
  says "describe: x3 over" '\(x[3-9] over [0-9]+s\).*Readiness probe failed: cat: .*No such file' k describe pod readiness
  says "never restarted" '^ +Restart Count: +0$' k describe pod readiness
  check "delete" k delete pod readiness --grace-period=1
}

pod_names() { k get pods -o name | sort; }
ready_pods() { k get pods --no-headers | awk '$2 == "1/1"' | grep -c .; }
pods_left() { comm -23 "$1" <(pod_names) | grep -c .; }

# An update that stops half way, seen whole, and undone.
section_rollout() {
  local old=$scratch/old-pods
  says "apply --record app.v1.yml" '^deployment.apps/app created$' k apply --record -f "$data/rollout/app.v1.yml"
  says "rollout status waits" 'successfully rolled out' k rollout status deployment app
  says "ten are ready" '^app +10/10 +10 +10 ' k get deployment app
  says "apply --record app.v2.yml" '^deployment.apps/app configured$' k apply --record -f "$data/rollout/app.v2.yml"
  await "8 of 10, 5 new" '^app +8/10 +5 +8 ' k get deployment app
  await "13 pods" '^13$' lines k get pods --no-headers
  says "8 of them are ready" '^8$' ready_pods
  for each in 'up replica set app-[0-9a-z]+ from 0 to 10' 'up replica set app-[0-9a-z]+ from 0 to 3' \
    'down replica set app-[0-9a-z]+ from 10 to 8' 'up replica set app-[0-9a-z]+ from 3 to 5'; do
    says "event: Scaled ${each//\[0-9a-z\]+/…}" "ScalingReplicaSet .*Scaled $each" k describe deployment app
  done
  says "describe: replicas" '^Replicas: +10 desired \| 5 updated \| 13 total \| 8 available \| 5 unavailable' k describe deployment app
  says "history: the first" '^1 +.*app\.v1\.yml' k rollout history deployment app
  says "history: the second" '^2 +.*app\.v2\.yml' k rollout history deployment app
  says "history of one revision" 'sleep 10; touch /tmp/healthy' k rollout history deployment app --revision=1
  says "rollout status --watch=false" '5 out of 10 new replicas have been updated' k rollout status deployment app --watch=false
  k get pods --no-headers | awk '$2 == "1/1" { print "pod/" $1 }' | sort >"$old"
  says "undo" '^deployment.apps/app rolled back$' k rollout undo deployment app
  says "rollout status after it" 'successfully rolled out' k rollout status deployment app
  await "ten are ready again" '^app +10/10 +10 +10 ' k get deployment app
  says "none of the eight has left" '^0$' pods_left "$old"
  says "history goes on" '^3 +.*app\.v1\.yml' k rollout history deployment app
  check "apply app.35.yml" k apply --record -f "$data/rollout/app.35.yml"
  await "35 %: 7 of 10, 7 new" '^app +7/10 +7 +7 ' k get deployment app
  await "35 %: 14 pods" '^14$' lines k get pods --no-headers
  says "35 %: as written" '^RollingUpdateStrategy: +35% max unavailable, 35% max surge' k describe deployment app
  check "delete -f" k delete -f "$data/rollout/app.35.yml"
  await "its pods leave" '^0$' lines k get pods --no-headers --ignore-not-found
}

service_answers() { curl -s -o /dev/null -w '%{http_code}' -m 5 "http://$(k get service address-finder-service -o 'jsonpath={.spec.clusterIP}')/"; echo " exit $?"; }

section_address_finder() {
  if (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null; then
    echo "skipped: port 3000, which the manifest names, is taken on this machine"
    return
  fi
  check "apply both" k apply -f "$data/manifests/address-finder-deployment.yaml" -f "$data/manifests/address-finder-service.yaml"
  says "refused before the first probe" '^000 exit 7$' service_answers
  says "describe: the readiness probe" \
    'http-get http://:3000/health delay=10s timeout=5s period=10s #success=1 #failure=5' k describe deployment address-finder-deployment
  says "describe: the liveness probe" \
    'http-get http://:3000/health delay=10s timeout=5s period=10s #success=1 #failure=2' k describe deployment address-finder-deployment
  await "then 200" '^200 exit 0$' service_answers
  says "endpoints" ':3000' k get endpoints address-finder-service
  await "the log shows readiness" 'readiness' k logs deployment/address-finder-deployment
  await "and liveness" 'liveness' k logs deployment/address-finder-deployment
  says "the node port" 'NodePort +127\.77\.[0-9.]+ +<none> +80:3[0-9]+/TCP' k get service address-finder-service
  check "delete" k delete deployment,service --all
}
