# `sluice serve` for containers: template-fargate.yaml. For Lambda no image is needed: docs/lambda.md.
FROM python:3.13-slim AS build
COPY requirements/serve.lock /build/
RUN python -m venv /opt/sluice \
 && /opt/sluice/bin/pip install --no-cache-dir --require-hashes --requirement /build/serve.lock
COPY . /build/sluice
RUN /opt/sluice/bin/pip install --no-cache-dir --no-deps --no-build-isolation /build/sluice \
 && /opt/sluice/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/sluice /opt/sluice
ENV PATH=/opt/sluice/bin:$PATH PYTHONUNBUFFERED=1 SLUICE_HOST=0.0.0.0
RUN useradd --system --no-create-home sluice
USER sluice
EXPOSE 8080
CMD ["sluice", "serve"]
